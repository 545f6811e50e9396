using LongContext.Generation.Running;

namespace LongContext.Tests.Generation.Engine;

/// <summary>A runner whose first step waits until it may begin, so that all of a test's requests are there, and which calls back before each step.</summary>
internal sealed class GatedRunner(IModelRunner inner) : IModelRunner
{
    private readonly ManualResetEventSlim go = new();

    public string Name => inner.Name;

    public int VocabularySize => inner.VocabularySize;

    public int MaximumTokens => inner.MaximumTokens;

    public IPageStore Pages => inner.Pages;

    public bool SupportsRemapping => inner.SupportsRemapping;

    /// <summary>Called before each step.</summary>
    public Action<StepBatch>? Before { get; set; }

    /// <summary>Largest number of tokens, and of sequences, that a step had.</summary>
    public (int Tokens, int Sequences) Largest { get; private set; }

    public void Open() => go.Set();

    public void Run(StepBatch batch, CancellationToken cancellationToken)
    {
        Assert.True(go.Wait(TimeSpan.FromMinutes(1), CancellationToken.None));
        Largest = (Math.Max(Largest.Tokens, batch.TokenCount), Math.Max(Largest.Sequences, batch.SequenceCount));
        Before?.Invoke(batch);
        inner.Run(batch, cancellationToken);
    }

    public Span<float> Logits(int row) => inner.Logits(row);

    public void Dispose()
    {
        go.Set();
        inner.Dispose();
    }
}
