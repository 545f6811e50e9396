using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using static TorchSharp.torch;

namespace LongContext.Tests;

/// <summary>Models of some thousand weights, drawn wide enough that attention is far from uniform.</summary>
internal static class TinyModels
{
    public const int Vocabulary = 48;

    /// <summary>The window that the scalings count from.</summary>
    public const int TrainedWindow = 32;

    public static ModelConfig Config(RopeScaling? scaling = null, bool tied = false) => new()
    {
        VocabularySize = Vocabulary,
        HiddenSize = 32,
        IntermediateSize = 40,
        LayerCount = 2,
        HeadCount = 4,
        KeyValueHeadCount = 2,
        MaxPositionEmbeddings = scaling is LinearRopeScaling linear ? (int)(TrainedWindow * linear.Factor) : TrainedWindow,
        RopeScaling = scaling ?? RopeScaling.None,
        InitializerRange = 0.3,
        TieWordEmbeddings = tied,
        BeginningOfSentenceTokenId = 1,
        EndOfSentenceTokenIds = [2],
    };

    public static CausalLanguageModel Create(RopeScaling? scaling = null, ScalarType dataType = ScalarType.Float64, bool tied = false, int seed = 5) =>
        CausalLanguageModel.Create(Config(scaling, tied), seed, new ModelLoadOptions { DataType = dataType });

    public static int[] Tokens(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(3, Vocabulary))];
    }

    public static TokenSequence Document(int length, int seed) => new(Tokens(length, seed));

    /// <summary>Logits of a pack [T · V], row by row, in double.</summary>
    public static double[] Logits(CausalLanguageModel model, PackedBatch pack)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using PackedInputs inputs = PackedInputs.Create(pack);
        return Doubles(model.Logits(model.Forward(inputs)));
    }

    public static double[] Doubles(Tensor values)
    {
        using Tensor plain = values.detach(), wide = plain.to(ScalarType.Float64), whole = wide.contiguous();
        double[] result = whole.data<double>().ToArray();
        // TorchSharp does not hold what it reads, and a caller may hand over what nothing else holds.
        GC.KeepAlive(values);
        return result;
    }

    /// <summary>Sets one value. (A tensor's indexer makes tensors of the place and of the number, which nothing would hold.)</summary>
    public static void SetValue(Tensor values, long index, double value)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        values.narrow(0, index, 1).FillInPlace(value);
    }

    /// <summary>All weights' bytes by name.</summary>
    public static Dictionary<string, byte[]> Bytes(CausalLanguageModel model) =>
        model.Parameters.ToDictionary(parameter => parameter.Key, parameter => parameter.Value.bytes.ToArray());

    public static void AssertSameBytes(Dictionary<string, byte[]> expected, Dictionary<string, byte[]> actual)
    {
        Assert.Equal(expected.Keys, actual.Keys);
        foreach ((string name, byte[] bytes) in expected) Assert.True(bytes.AsSpan().SequenceEqual(actual[name]), $"{name} differs");
    }

    /// <summary>The largest difference is at most the tolerance times the largest expected value.</summary>
    public static void AssertClose(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, double tolerance, string what = "values")
    {
        Assert.Equal(expected.Length, actual.Length);
        double worst = 0, largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(double.IsFinite(actual[i]), $"{what}: number {i} is {actual[i]}");
            worst = Math.Max(worst, Math.Abs(expected[i] - actual[i]));
            largest = Math.Max(largest, Math.Abs(expected[i]));
        }

        Assert.True(worst <= tolerance * largest, $"{what}: largest difference {worst:E2} of {largest:E2}, allowed {tolerance:E1} of it");
    }
}
