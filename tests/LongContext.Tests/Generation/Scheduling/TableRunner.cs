using LongContext.Data;
using LongContext.Generation.Running;

namespace LongContext.Tests.Generation.Scheduling;

/// <summary>A model whose scores depend on the last token alone, by a table.</summary>
internal sealed class TableRunner : IModelRunner
{
    private readonly float[][] table;
    private readonly float[] logits;
    private readonly OraclePages pages = new(4, [null]);

    /// <summary>A table by seed.</summary>
    /// <param name="vocabulary">Tokens that it has scores after.</param>
    /// <param name="seed">Of the scores.</param>
    /// <param name="scores">Tokens that it has scores of; null for the same.</param>
    public TableRunner(int vocabulary, int seed, int? scores = null)
    {
        VocabularySize = scores ?? vocabulary;
        var random = new SplitMix64(seed, 0);
        table = new float[vocabulary][];
        for (int i = 0; i < vocabulary; i++)
        {
            table[i] = new float[VocabularySize];
            for (int j = 0; j < VocabularySize; j++) table[i][j] = (float)(random.NextDouble() * 2.5);
        }

        logits = new float[VocabularySize * MaximumTokens];
    }

    public string Name => "table";

    public int VocabularySize { get; }

    public int MaximumTokens => 256;

    public IPageStore Pages => pages;

    public bool SupportsRemapping => false;

    public void Run(StepBatch batch, CancellationToken cancellationToken)
    {
        int row = 0;
        foreach (ref readonly StepSequence sequence in batch.Sequences)
        {
            for (int i = sequence.TokenCount - sequence.LogitCount; i < sequence.TokenCount; i++)
                table[batch.Tokens[sequence.TokenStart + i]].CopyTo(logits.AsSpan(row++ * VocabularySize));
        }
    }

    public Span<float> Logits(int row) => logits.AsSpan(row * VocabularySize, VocabularySize);

    public void Dispose() => pages.Dispose();

    /// <summary>How likely a token is after another.</summary>
    public double Probability(int last, int next, double temperature, int? topK)
    {
        double[] weights = [.. table[last].Select(score => Math.Exp(score / temperature))];
        double least = topK is { } k ? weights.OrderDescending().ElementAt(k - 1) : 0;
        return weights[next] < least ? 0 : weights[next] / weights.Where(weight => weight >= least).Sum();
    }
}
