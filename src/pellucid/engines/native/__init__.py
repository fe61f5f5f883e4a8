"""The native engine: a network becomes one program of this machine. README.md beside this file tells the way."""
