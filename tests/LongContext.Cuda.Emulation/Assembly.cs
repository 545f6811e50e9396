// Scratch on the stack is written before it is read everywhere here; zeroing it would cost as much as an instruction.
[module: System.Runtime.CompilerServices.SkipLocalsInit]
