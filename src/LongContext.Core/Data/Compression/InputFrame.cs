namespace LongContext.Data.Compression;

/// <summary>Where a compressed frame (of zstd) or member (of gzip) begins: reading can begin there.</summary>
/// <param name="FileOffset">Its first byte in the file.</param>
/// <param name="TextOffset">The byte of the uncompressed text at which its text begins.</param>
internal readonly record struct InputFrame(long FileOffset, long TextOffset);
