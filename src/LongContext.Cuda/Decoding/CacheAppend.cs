using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Decoding;

/// <summary>Writes new keys and values into a cache, contiguous or paged, and rotates them and the queries on the way where asked to.</summary>
/// <param name="context">Where the kernels run.</param>
internal sealed class CacheAppend(CudaContext context)
{
    private const int Threads = 128;
    private CudaFunction? bfloat16;
    private CudaFunction? float16;
    private CudaFunction? codedBFloat16;
    private CudaFunction? codedFloat16;

    /// <summary>Puts an append on a stream. Allocates nothing.</summary>
    /// <param name="arguments">Addresses and sizes.</param>
    /// <param name="stream">The stream; 0 for the default stream.</param>
    /// <exception cref="ArgumentException">An argument is missing or does not fit; the message names it.</exception>
    /// <exception cref="CudaException">The driver refused the launch.</exception>
    public void Run(in CacheAppendArguments arguments, nint stream = 0)
    {
        CacheAppendParameters parameters = Parameters(arguments);
        if (arguments.Tokens == 0) return;
        int heads = (parameters.Q == 0 ? 0 : arguments.Heads) + (2 * arguments.KeyHeads);
        if (arguments.Codes != CacheCodes.None)
        {
            long warps = ((long)arguments.Tokens * heads + 3) / 4;
            CodedKernel(arguments.Element).Launch(new LaunchShape((int)Math.Min(warps, 1 << 20), Threads), stream, parameters);
            return;
        }

        long pairs = (long)arguments.Tokens * heads * (arguments.HeadSize / 16);
        int blocks = (int)Math.Min((pairs + Threads - 1) / Threads, 1 << 20); // a block goes on where the grid ends
        Kernel(arguments.Element).Launch(new LaunchShape(blocks, Threads), stream, parameters);
    }

    private static CacheAppendParameters Parameters(in CacheAppendArguments a)
    {
        if (a.Tokens < 0) throw new ArgumentException($"{nameof(a.Tokens)} is {a.Tokens}, expected at least 0.", nameof(a));
        if (a.KeyHeads < 1) throw new ArgumentException($"{nameof(a.KeyHeads)} is {a.KeyHeads}, expected at least 1.", nameof(a));
        if (a.HeadSize < 16 || a.HeadSize % 16 != 0) throw new ArgumentException($"{nameof(a.HeadSize)} is {a.HeadSize}, expected a multiple of 16.", nameof(a));
        if (a.CacheRows < 0) throw new ArgumentException($"{nameof(a.CacheRows)} is {a.CacheRows}, expected at least 0.", nameof(a));
        if (a.Query != 0 && a.Heads < 1) throw new ArgumentException($"{nameof(a.Heads)} is {a.Heads}, expected at least 1 where there are queries.", nameof(a));
        Require(a.Query, nameof(a.Query), optional: true);
        Require(a.Keys, nameof(a.Keys));
        Require(a.Values, nameof(a.Values));
        Require(a.KeyCache, nameof(a.KeyCache));
        Require(a.ValueCache, nameof(a.ValueCache));
        Require(a.Slots, nameof(a.Slots));
        int rotary = 0;
        if (a.Positions != 0)
        {
            Require(a.Cosines, nameof(a.Cosines));
            Require(a.Sines, nameof(a.Sines));
            rotary = a.RotarySize == 0 ? a.HeadSize : a.RotarySize;
            if (rotary % 16 != 0 || rotary < 0 || rotary > a.HeadSize)
            {
                throw new ArgumentException($"{nameof(a.RotarySize)} is {rotary}, expected a multiple of 16 up to the head size {a.HeadSize}.", nameof(a));
            }
        }

        int keyElements = a.KeyHeads * a.HeadSize;
        bool isCoded = a.Codes != CacheCodes.None;
        if (isCoded && (a.KeyCacheStride != 0 || a.ValueCacheStride != 0))
            throw new ArgumentException($"{nameof(a.KeyCacheStride)} or {nameof(a.ValueCacheStride)} is given: coded rows have a length of their own.", nameof(a));
        if (isCoded && a.HeadSize > 256) throw new ArgumentException($"{nameof(a.HeadSize)} is {a.HeadSize}, expected 256 at most where the cache is coded.", nameof(a));
        return new CacheAppendParameters
        {
            Q = rotary == 0 ? 0 : a.Query, // queries that do not turn stay as they are
            K = a.Keys,
            V = a.Values,
            KCache = a.KeyCache,
            VCache = a.ValueCache,
            Slots = a.Slots,
            Positions = a.Positions,
            Cosines = a.Cosines,
            Sines = a.Sines,
            QStride = Stride(a.QueryStride, a.Heads * a.HeadSize, nameof(a.QueryStride)),
            KStride = Stride(a.KeyStride, keyElements, nameof(a.KeyStride)),
            VStride = Stride(a.ValueStride, keyElements, nameof(a.ValueStride)),
            KCacheStride = isCoded ? CodedRow.Bytes(a.KeyHeads, a.HeadSize) : Stride(a.KeyCacheStride, keyElements, nameof(a.KeyCacheStride)),
            VCacheStride = isCoded ? CodedRow.Bytes(a.KeyHeads, a.HeadSize) : Stride(a.ValueCacheStride, keyElements, nameof(a.ValueCacheStride)),
            Tokens = a.Tokens,
            Heads = a.Heads,
            KeyHeads = a.KeyHeads,
            Size = a.HeadSize,
            RotarySize = rotary,
            CacheRows = a.CacheRows,
            Codes = (int)a.Codes,
            ScaleStart = CodedRow.ScaleStart(a.KeyHeads, a.HeadSize),
        };
    }

    private static void Require(nint address, string name, bool optional = false)
    {
        if (address == 0 && !optional) throw new ArgumentException($"{name} is missing.", name);
        if (address % 16 != 0) throw new ArgumentException($"{name} is at 0x{address:x}, expected an address that 16 divides.", name);
    }

    private static int Stride(int stride, int elements, string name)
    {
        if (stride == 0) return elements;
        if (stride < elements || stride % 8 != 0) throw new ArgumentException($"{name} is {stride}, expected a multiple of 8 of at least {elements} elements.", name);
        return stride;
    }

    private CudaFunction CodedKernel(CacheElement element) => element == CacheElement.BFloat16
        ? codedBFloat16 ??= context.GetKernel("sm_80/cache_append_coded_bf16", "cache_append_coded")
        : codedFloat16 ??= context.GetKernel("sm_80/cache_append_coded_f16", "cache_append_coded");

    private CudaFunction Kernel(CacheElement element) => element == CacheElement.BFloat16
        ? bfloat16 ??= context.GetKernel("sm_80/cache_append_bf16", "cache_append")
        : float16 ??= context.GetKernel("sm_80/cache_append_f16", "cache_append");
}
