namespace LongContext.Checkpoints;

/// <summary>Where and what a tensor of a safetensors file is.</summary>
/// <param name="Name">The tensor's name, unique in its file.</param>
/// <param name="DataType">Type of the elements.</param>
/// <param name="Shape">Sizes of the dimensions, row major; empty for a scalar. A size may be 0.</param>
/// <param name="Offset">First byte, counted from the start of the file's data section.</param>
/// <param name="ByteLength">Number of bytes: the product of the shape times the element's size.</param>
public sealed record TensorInfo(string Name, TensorDataType DataType, IReadOnlyList<long> Shape, long Offset, long ByteLength);
