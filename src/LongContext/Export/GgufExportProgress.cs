namespace LongContext.Export;

/// <summary>How far an export is, told after each tensor.</summary>
/// <param name="Tensor">The tensor just written, by its name in the file.</param>
/// <param name="TensorsWritten">Tensors written so far.</param>
/// <param name="TensorCount">Tensors in all.</param>
/// <param name="BytesWritten">Bytes of tensors written so far.</param>
/// <param name="ByteCount">Bytes of tensors in all.</param>
public sealed record GgufExportProgress(string Tensor, int TensorsWritten, int TensorCount, long BytesWritten, long ByteCount);
