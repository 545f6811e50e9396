using LongContext.Generation;
using LongContext.Generation.Running;
using LongContext.Generation.Scheduling;

namespace LongContext.Tests.Generation.Scheduling;

public sealed class EngineAllocationTests
{
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task Step_SteadyDecoding_AllocatesNothing(bool reuses, bool speculates)
    {
        var pages = new OraclePages(16, [null, 24]);
        // 200 steps of each round. The runtime, which compiles what runs often, or a reader who is late may cost something once; what steps or pages allocate shows in every round.
        long first = -1, last = -1;
        List<long> rounds = [];
        int steps = 0;
        await using var engine = new GenerationEngine(
            Engines.Model, new QuietRunner(pages, () =>
            {
                // Read on the engine's own thread, between two steps.
                if (++steps == 100) first = GC.GetAllocatedBytesForCurrentThread();
                if (steps == 300) last = GC.GetAllocatedBytesForCurrentThread();
            }),
            new GenerationEngineOptions { StepTokens = 32, MaximumSequences = 4, ReusesPrefixes = reuses }, new CacheNeeds(pages.Groups, 16).Bytes(3_000));
        // The first ones fill the memory, so that from then on what is kept is given up and its parts are used again.
        for (int i = 0; i < 6; i++)
        {
            steps = 0;
            (first, last) = (-1, -1);
            await Task.WhenAll(Enumerable.Range(0, 3).Select(n => engine.GenerateAsync(
                new GenerationRequest
                {
                    Prompt = new[] { n, i, 3 },
                    Options = new GenerationOptions { MaximumNewTokens = 950, StopTokenIds = [], Speculation = speculates ? new SpeculationOptions { MaximumTokens = 2 } : null },
                },
                TestContext.Current.CancellationToken)));
            Assert.True(first > 0 && last > 0, $"{steps} steps");
            if (i >= 3) rounds.Add(last - first);
        }

        Assert.True(rounds.Contains(0), $"bytes in 200 steps each: {string.Join(", ", rounds)}");
    }

    /// <summary>Counts up, and allocates nothing itself.</summary>
    private sealed class QuietRunner(OraclePages pages, Action before) : IModelRunner
    {
        private readonly float[] logits = new float[Engines.Vocabulary * 64];

        public string Name => "quiet";

        public int VocabularySize => Engines.Vocabulary;

        public int MaximumTokens => 64;

        public IPageStore Pages => pages;

        public bool SupportsRemapping => false;

        public void Run(StepBatch batch, CancellationToken cancellationToken)
        {
            before();
            int row = 0;
            foreach (ref readonly StepSequence sequence in batch.Sequences)
            {
                for (int i = sequence.TokenCount - sequence.LogitCount; i < sequence.TokenCount; i++)
                {
                    Span<float> scores = Logits(row++);
                    scores.Clear();
                    scores[(sequence.CachedTokens + i + batch.Tokens[sequence.TokenStart + i]) % 38] = 1;
                }
            }
        }

        public Span<float> Logits(int row) => logits.AsSpan(row * Engines.Vocabulary, Engines.Vocabulary);

        public void Dispose()
        {
        }
    }
}
