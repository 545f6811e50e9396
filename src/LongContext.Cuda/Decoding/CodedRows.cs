using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Decoding;

/// <summary>Reads rows of a coded cache as numbers, and moves them as they are.</summary>
/// <param name="context">Where the kernels run.</param>
/// <param name="element">Type of the numbers.</param>
/// <param name="codes">What the codes are.</param>
/// <param name="keyHeads">Heads of a row.</param>
/// <param name="headSize">Elements of a head: a multiple of 16.</param>
internal sealed class CodedRows(CudaContext context, CacheElement element, CacheCodes codes, int keyHeads, int headSize)
{
    private const int Threads = 128;
    private CudaFunction? gather;
    private CudaFunction? move;

    /// <summary>Puts the reading of rows on a stream. Rows that are not in the cache become 0.</summary>
    /// <param name="cache">Rows of <see cref="CodedRow"/>.</param>
    /// <param name="cacheRows">How many there are.</param>
    /// <param name="sources">int32 [rows]: which are read.</param>
    /// <param name="result">[rows, key heads, head size] of the type.</param>
    /// <param name="rows">How many are read.</param>
    /// <param name="stream">The stream.</param>
    public void Gather(nint cache, long cacheRows, nint sources, nint result, int rows, nint stream) =>
        Launch(gather ??= Kernel("coded_rows_gather"), Parameters(cache, cacheRows, result, sources, 0, rows), stream);

    /// <summary>Puts a copy of rows within the cache on a stream, each head of a row from a row of its own. No row is read and written.</summary>
    /// <param name="cache">Rows of <see cref="CodedRow"/>.</param>
    /// <param name="cacheRows">How many there are.</param>
    /// <param name="sources">int32 [rows, key heads]: from where.</param>
    /// <param name="targets">int32 [rows]: to where.</param>
    /// <param name="rows">How many are written.</param>
    /// <param name="stream">The stream.</param>
    public void Move(nint cache, long cacheRows, nint sources, nint targets, int rows, nint stream) =>
        Launch(move ??= Kernel("coded_rows_move"), Parameters(cache, cacheRows, cache, sources, targets, rows), stream);

    private CodedRowsParameters Parameters(nint cache, long cacheRows, nint to, nint sources, nint targets, int rows) => new()
    {
        From = cache, To = to, Sources = sources, Targets = targets, Rows = rows, KeyHeads = keyHeads, Size = headSize, Stride = CodedRow.Bytes(keyHeads, headSize),
        Codes = (int)codes, ScaleStart = CodedRow.ScaleStart(keyHeads, headSize), CacheRows = cacheRows,
    };

    private void Launch(CudaFunction kernel, in CodedRowsParameters parameters, nint stream)
    {
        if (parameters.Rows == 0) return;
        long chunks = (long)parameters.Rows * keyHeads * (headSize / 16);
        kernel.Launch(new LaunchShape((int)Math.Min((chunks + Threads - 1) / Threads, 1 << 20), Threads), stream, parameters);
    }

    private CudaFunction Kernel(string name) => context.GetKernel(element == CacheElement.BFloat16 ? "sm_80/coded_rows_bf16" : "sm_80/coded_rows_f16", name);
}
