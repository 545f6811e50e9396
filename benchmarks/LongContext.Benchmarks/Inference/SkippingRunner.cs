using System.Runtime.InteropServices;
using LongContext.Generation.Running;

namespace LongContext.Benchmarks.Inference;

/// <summary>A runner that does not compute a prompt's beginning but puts noise in its keys and values, so that a long text is there in no time; what comes later is computed.</summary>
/// <param name="inner">Computes the rest, with a cache in float32.</param>
/// <param name="until">Tokens that are not computed.</param>
internal sealed class SkippingRunner(IModelRunner inner, int until) : IModelRunner
{
    private readonly float[] none = new float[inner.VocabularySize];
    private bool skipped;
    private int stepsBehind;

    public string Name => inner.Name;

    public int VocabularySize => inner.VocabularySize;

    public int MaximumTokens => inner.MaximumTokens;

    public IPageStore Pages => inner.Pages;

    public bool SupportsRemapping => inner.SupportsRemapping;

    /// <summary>Steps so far in which a sequence was past what is skipped.</summary>
    public int StepsBehind => Volatile.Read(ref stepsBehind);

    public void Run(StepBatch batch, CancellationToken cancellationToken)
    {
        bool isLong = false;
        skipped = false;
        foreach (ref readonly StepSequence sequence in batch.Sequences)
        {
            // A short text beside it is computed, unless the long one is still being filled.
            bool fills = sequence.LogitCount == 0 && sequence.CachedTokens + sequence.TokenCount <= until && sequence.TokenCount > 1;
            isLong |= sequence.CachedTokens >= until;
            if (!fills) continue;
            skipped = true;
            Fill(sequence);
        }

        if (skipped) return;
        if (isLong) Interlocked.Increment(ref stepsBehind);
        inner.Run(batch, cancellationToken);
    }

    public Span<float> Logits(int row) => skipped ? none : inner.Logits(row);

    public void Dispose() => inner.Dispose();

    private void Fill(in StepSequence sequence)
    {
        for (int group = 0; group < Pages.Groups.Count; group++)
        {
            int first = (sequence.CachedTokens + Pages.PageTokens - 1) / Pages.PageTokens, end = (sequence.CachedTokens + sequence.TokenCount + Pages.PageTokens - 1) / Pages.PageTokens;
            for (int index = first; index < end; index++) Pages.Load(group, sequence.Pages.Of(group)[index], Noise(Pages.Groups[group].PageBytes, index));
        }
    }

    private static byte[] Noise(long bytes, int seed)
    {
        var random = new Random(seed);
        var values = new float[bytes / sizeof(float)];
        for (int i = 0; i < values.Length; i++) values[i] = random.NextSingle() - 0.5f;
        return MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
    }
}
