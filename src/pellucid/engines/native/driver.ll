; The driver; driver.py tells what the tables are. Words in capitals are filled in there.

target triple = "TRIPLE"
DECLARATIONS

define private void @steps(ptr %first, i64 %count, ptr %bases, ptr %mine, i64 %item, i64 %block) nounwind {
entry:
  %args = alloca [POINTERS x ptr], align 64
  br label %head
head:
  %left = phi i64 [ %count, %entry ], [ %less, %called ]
  %step = phi ptr [ %first, %entry ], [ %next, %called ]
  %more = icmp ne i64 %left, 0
  br i1 %more, label %resolve, label %exit
resolve:
  %next = call ptr @step(ptr %step, ptr %args, ptr %bases, ptr %mine, i64 %item, i64 %block)
  br label %called
called:
  %less = sub i64 %left, 1
  br label %head
exit:
  ret void
}

define private ptr @step(ptr %step, ptr %args, ptr %bases, ptr %mine, i64 %item, i64 %block) nounwind {
entry:
  %function = load ptr, ptr %step, align 8
  %count_at = getelementptr i64, ptr %step, i64 1
  %count = load i64, ptr %count_at, align 8
  %records = getelementptr i64, ptr %step, i64 3
  br label %head
head:
  %k = phi i64 [ 0, %entry ], [ %k1, %body ]
  %record = phi ptr [ %records, %entry ], [ %following, %body ]
  %more = icmp ult i64 %k, %count
  br i1 %more, label %body, label %run
body:
  %base_number = load i64, ptr %record, align 8
  %offset_at = getelementptr i64, ptr %record, i64 1
  %offset = load i64, ptr %offset_at, align 8
  %item_at = getelementptr i64, ptr %record, i64 2
  %an_item = load i64, ptr %item_at, align 8
  %block_at = getelementptr i64, ptr %record, i64 3
  %a_block = load i64, ptr %block_at, align 8
  %base_at = getelementptr ptr, ptr %bases, i64 %base_number
  %base = load ptr, ptr %base_at, align 8
  %own = icmp eq i64 %base_number, 0
  %start = select i1 %own, ptr %mine, ptr %base
  %by_item = mul i64 %item, %an_item
  %by_block = mul i64 %block, %a_block
  %sum = add i64 %offset, %by_item
  %total = add i64 %sum, %by_block
  %pointer = getelementptr i8, ptr %start, i64 %total
  %slot = getelementptr ptr, ptr %args, i64 %k
  store ptr %pointer, ptr %slot, align 8
  %following = getelementptr i64, ptr %record, i64 4
  %k1 = add i64 %k, 1
  br label %head
run:
  call void %function(ptr %args, i64 %block)
  ret ptr %record
}

define private void @task(ptr %first, ptr %bases, ptr %mine, i64 %number) nounwind {
entry:
  %args = alloca [POINTERS x ptr], align 64
  br label %head
head:
  %item = phi i64 [ %number, %entry ], [ %rest, %skip ]
  %step = phi ptr [ %first, %entry ], [ %next, %skip ]
  %items_at = getelementptr i64, ptr %step, i64 2
  %items = load i64, ptr %items_at, align 8
  %here = icmp ult i64 %item, %items
  br i1 %here, label %run, label %skip
skip:
  %rest = sub i64 %item, %items
  %count_at = getelementptr i64, ptr %step, i64 1
  %count = load i64, ptr %count_at, align 8
  %words = mul i64 %count, 4
  %size = add i64 %words, 3
  %next = getelementptr i64, ptr %step, i64 %size
  br label %head
run:
  %ignored = call ptr @step(ptr %step, ptr %args, ptr %bases, ptr %mine, i64 %item, i64 %item)
  ret void
}

define private void @one(ptr %program, ptr %phase, i64 %thread, i64 %item) nounwind {
entry:
  %bases_at = getelementptr i64, ptr %program, i64 2
  %bases = load ptr, ptr %bases_at, align 8
  %memory_at = getelementptr i64, ptr %program, i64 3
  %memory = load ptr, ptr %memory_at, align 8
  %share_at = getelementptr i64, ptr %program, i64 4
  %share = load i64, ptr %share_at, align 8
  %shift = mul i64 %share, %thread
  %mine = getelementptr i8, ptr %memory, i64 %shift
  %kind = load i64, ptr %phase, align 8
  %ranges_at = getelementptr i64, ptr %phase, i64 2
  %ranges = load ptr, ptr %ranges_at, align 8
  %steps_at = getelementptr i64, ptr %phase, i64 6
  %first = load ptr, ptr %steps_at, align 8
  %tasks = icmp eq i64 %kind, 1
  br i1 %tasks, label %task, label %blocks
task:
  call void @task(ptr %first, ptr %bases, ptr %mine, i64 %item)
  ret void
blocks:
  %openings_at = getelementptr i64, ptr %phase, i64 3
  %openings = load i64, ptr %openings_at, align 8
  %opening_at = getelementptr i64, ptr %phase, i64 4
  %opening = load ptr, ptr %opening_at, align 8
  call void @steps(ptr %opening, i64 %openings, ptr %bases, ptr %mine, i64 %item, i64 %item)
  %count_at = getelementptr i64, ptr %phase, i64 5
  %count = load i64, ptr %count_at, align 8
  %plain = icmp eq ptr %ranges, null
  br i1 %plain, label %single, label %several
single:
  call void @steps(ptr %first, i64 %count, ptr %bases, ptr %mine, i64 %item, i64 %item)
  ret void
several:
  %from_at = getelementptr i64, ptr %ranges, i64 %item
  %from = load i64, ptr %from_at, align 8
  %to_at = getelementptr i64, ptr %from_at, i64 1
  %to = load i64, ptr %to_at, align 8
  br label %head
head:
  %block = phi i64 [ %from, %several ], [ %block1, %body ]
  %more = icmp ult i64 %block, %to
  br i1 %more, label %body, label %exit
body:
  call void @steps(ptr %first, i64 %count, ptr %bases, ptr %mine, i64 %item, i64 %block)
  %block1 = add i64 %block, 1
  br label %head
exit:
  ret void
}

; Take one item if there is one; true if there was.
define private i1 @take(ptr %state, i64 %thread) nounwind {
entry:
  %seen = load atomic i64, ptr %state acquire, align 8
  %index = and i64 %seen, 1048575
  %shifted = lshr i64 %seen, 20
  %items = and i64 %shifted, 1048575
  %some = icmp ult i64 %index, %items
  br i1 %some, label %try, label %none
try:
  %old = atomicrmw add ptr %state, i64 1 acq_rel, align 8
  %mine = and i64 %old, 1048575
  %old_shifted = lshr i64 %old, 20
  %old_items = and i64 %old_shifted, 1048575
  %got = icmp ult i64 %mine, %old_items
  br i1 %got, label %run, label %none
run:
  %program_at = getelementptr i8, ptr %state, i64 256
  %program = load ptr, ptr %program_at, align 8
  %phase_at = getelementptr i8, ptr %state, i64 264
  %phase = load ptr, ptr %phase_at, align 8
  %odd = and i64 %thread, 1
  %apart = mul i64 %odd, 128
  %end = getelementptr i8, ptr %state, i64 512
  %near = getelementptr i8, ptr %end, i64 %apart
  %ahead = atomicrmw add ptr %near, i64 1 monotonic, align 8
  %last = sub i64 %old_items, 1
  %behind = sub i64 %last, %ahead
  %from_end = icmp ne i64 %odd, 0
  %item = select i1 %from_end, i64 %behind, i64 %ahead
  call void @one(ptr %program, ptr %phase, i64 %thread, i64 %item)
  %done = getelementptr i8, ptr %state, i64 128
  %ignored = atomicrmw add ptr %done, i64 1 release, align 8
  ret i1 true
none:
  ret i1 false
}

define void @execute(ptr %state, ptr %program, i64 %share) nounwind {
entry:
  %kept = alloca i64, align 8
  %used = alloca i64, align 8
FLUSH
  %program_at = getelementptr i8, ptr %state, i64 256
  store ptr %program, ptr %program_at, align 8
  %phase_at = getelementptr i8, ptr %state, i64 264
  %done = getelementptr i8, ptr %state, i64 128
  %running = getelementptr i8, ptr %state, i64 384
  %front = getelementptr i8, ptr %state, i64 512
  %back = getelementptr i8, ptr %state, i64 640
  %count = load i64, ptr %program, align 8
  %phases_at = getelementptr i64, ptr %program, i64 1
  %phases = load ptr, ptr %phases_at, align 8
  br label %head
head:
  %k = phi i64 [ 0, %entry ], [ %k1, %over ]
  %more = icmp ult i64 %k, %count
  br i1 %more, label %begin, label %exit
begin:
  %place = mul i64 %k, 7
  %phase = getelementptr i64, ptr %phases, i64 %place
  %items_at = getelementptr i64, ptr %phase, i64 1
  %items = load i64, ptr %items_at, align 8
  %several = icmp ugt i64 %items, 1
  %asked = icmp ne i64 %share, 0
  %both = and i1 %several, %asked
  %countable = icmp ult i64 %items, LIMIT
  %shared = and i1 %both, %countable
  br i1 %shared, label %open, label %alone
alone:
  %i = phi i64 [ 0, %begin ], [ %i1, %each ]
  %go = icmp ult i64 %i, %items
  br i1 %go, label %each, label %over
each:
  call void @one(ptr %program, ptr %phase, i64 0, i64 %i)
  %i1 = add i64 %i, 1
  br label %alone
open:
  store ptr %phase, ptr %phase_at, align 8
  store atomic i64 0, ptr %front monotonic, align 8
  store atomic i64 0, ptr %back monotonic, align 8
  store atomic i64 0, ptr %done release, align 8
  %before = load atomic i64, ptr %state monotonic, align 8
  %epoch = lshr i64 %before, 40
  %epoch1 = add i64 %epoch, 1
  %high = shl i64 %epoch1, 40
  %middle = shl i64 %items, 20
  %word = or i64 %high, %middle
  store atomic i64 %word, ptr %state release, align 8
  br label %helping
helping:
  %took = call i1 @take(ptr %state, i64 0)
  br i1 %took, label %helping, label %waiting
waiting:
  %finished = load atomic i64, ptr %done acquire, align 8
  %all = icmp eq i64 %finished, %items
  br i1 %all, label %over, label %pausing
pausing:
  PAUSE
  br label %waiting
over:
  %k1 = add i64 %k, 1
  br label %head
exit:
  store atomic i64 0, ptr %running release, align 8
RESTORE
  ret void
}

define void @work(ptr %state, i64 %thread, i64 %patience) nounwind {
entry:
  %kept = alloca i64, align 8
  %used = alloca i64, align 8
FLUSH
  %running_at = getelementptr i8, ptr %state, i64 384
  %began = CLOCK
  br label %head
head:
  %last = phi i64 [ %began, %entry ], [ %now, %worked ], [ %last, %idle ], [ %now2, %wanted ]
  %took = call i1 @take(ptr %state, i64 %thread)
  br i1 %took, label %worked, label %nothing
worked:
  %now = CLOCK
  br label %head
nothing:
  PAUSE
  %running = load atomic i64, ptr %running_at acquire, align 8
  %now2 = CLOCK
  %busy = icmp ne i64 %running, 0
  br i1 %busy, label %wanted, label %idle
wanted:
  br label %head
idle:
  %waited = sub i64 %now2, %last
  %enough = icmp ugt i64 %waited, %patience
  br i1 %enough, label %exit, label %head
exit:
RESTORE
  ret void
}

define i64 @clock() nounwind {
entry:
  %now = CLOCK
  ret i64 %now
}
