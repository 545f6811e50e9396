namespace LongContext.Data.Columnar;

/// <summary>A value as it is stored.</summary>
/// <param name="Number">Of numbers and truth values: the bits.</param>
/// <param name="Bytes">Of byte arrays: the bytes, valid as long as their page.</param>
/// <param name="Index">Of values from a dictionary: where it stands there; else −1.</param>
internal readonly record struct RawValue(long Number, ReadOnlyMemory<byte> Bytes, int Index = -1);
