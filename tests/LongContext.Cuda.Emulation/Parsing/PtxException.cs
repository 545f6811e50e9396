namespace LongContext.Cuda.Emulation.Parsing;

/// <summary>A PTX text that an assembler would refuse. The message begins with file and line.</summary>
public sealed class PtxException(string file, int line, string message) : Exception($"{file}({line}): {message}")
{
    public string File { get; } = file;

    public int Line { get; } = line;
}
