using LongContext.Data;
using LongContext.Packing;

namespace LongContext.Tests.Training;

/// <summary>A mixture through the packer, small enough that a run of some steps passes several windows and passes over the data.</summary>
internal static class Streams
{
    public static IDataSource<TokenSequence> Mixture(int seed = 6, MixtureEnd end = MixtureEnd.Repeat) => DataSource.Mixture<TokenSequence>(
    [
        new WeightedSource<TokenSequence>(DataSource.FromList([.. Enumerable.Range(0, 9).Select(i => TinyModels.Document(3 + (5 * i % 28), i))], seed, epochs: null), 2),
        new WeightedSource<TokenSequence>(DataSource.FromList([.. Enumerable.Range(0, 7).Select(Masked)], seed), 1),
        new WeightedSource<TokenSequence>(DataSource.FromFunction(i => TinyModels.Document(2 + (int)(i % 40), 500 + (int)i), count: 60), 1.5),
    ], seed, end);

    public static StreamingPackerOptions Packing(LossWeighting weighting = LossWeighting.PerSequence) => new()
    {
        ContextLength = TinyModels.TrainedWindow,
        WindowDocuments = 12,
        Overlength = OverlengthPolicy.Split,
        LossWeighting = weighting,
        Order = PackOrder.Shuffled,
        Seed = 2,
    };

    public static StreamingPacker Packer(int seed = 6, MixtureEnd end = MixtureEnd.Repeat) => new(Mixture(seed, end), Packing());

    private static TokenSequence Masked(int number)
    {
        int[] tokens = TinyModels.Tokens(12 + number, 100 + number);
        return new TokenSequence(tokens, Enumerable.Range(0, tokens.Length).Select(t => t > 4 + number).ToArray());
    }
}
