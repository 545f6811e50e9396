using LongContext.Adapters;
using LongContext.Models;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Tests.Adapters;

/// <summary>The maths of one adapted map: its backward against autograd, rows, dropout.</summary>
public sealed class LoraLayerTests
{
    private const int Tokens = 11;

    public static IEnumerable<TheoryDataRow<string, string, string>> Cases() =>
        from kind in new[] { "lora", "lora-bias", "rslora", "dora", "plain" }
        from type in new[] { "float64", "float32", "nf4" }
        where kind != "plain" || type != "nf4" // quantised weights do not train
        from call in new[] { "all", "rows", "dropout", "dropout-rows" }
        select new TheoryDataRow<string, string, string>(kind, type, call);

    [Theory, MemberData(nameof(Cases))]
    public void Backward_AnyCall_IsAutograds(string kind, string type, string callName)
    {
        using CausalLanguageModel model = Model(type);
        Linear linear = Adapted(model, kind);
        LinearCall call = Call(callName, linear);
        using var scope = NewDisposeScope();
        Tensor x = Draw([Tokens, linear.Inputs], model.DataType, 1), gradient = Draw([Tokens, linear.Range(call).Count], model.DataType, 2);
        Parameter[] trained = [.. linear.Adapter?.Parameters ?? [linear.Weight], linear.Bias!];
        foreach (Parameter parameter in trained) parameter.Trains = true;

        x.requires_grad_(true);
        foreach (Parameter parameter in trained) parameter.Value.requires_grad_(true);
        linear.Apply(x, call).backward([gradient]);
        using (no_grad())
        {
            Tensor actual = linear.Backward(x.detach(), gradient, call);
            double tolerance = type == "float64" ? 1e-13 : 1e-6;
            AssertClose(x.grad!, actual, tolerance, "inputs");
            foreach (Parameter parameter in trained) AssertClose(parameter.Value.grad!, parameter.Gradient!, tolerance, parameter.Name);
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void ApplyAndBackward_RowsInParts_AreTheWhole(string kind, string type, string callName)
    {
        using CausalLanguageModel model = Model(type);
        Linear linear = Adapted(model, kind);
        ulong? seed = callName.StartsWith("dropout", StringComparison.Ordinal) ? 5UL : null;
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        Tensor x = Draw([Tokens, linear.Inputs], model.DataType, 1), gradient = Draw([Tokens, linear.Outputs], model.DataType, 2);
        Parameter[] trained = [.. linear.Adapter?.Parameters ?? [linear.Weight], linear.Bias!];
        foreach (Parameter parameter in trained) parameter.Trains = true;

        Tensor whole = linear.Apply(x, new LinearCall(seed)), wholeBack = linear.Backward(x, gradient, new LinearCall(seed));
        Tensor[] gradients = [.. trained.Select(parameter => parameter.Gradient!.clone())];
        foreach (Parameter parameter in trained) parameter.ReleaseGradient();
        var parts = new List<Tensor>();
        Tensor sum = zeros_like(x);
        foreach ((long start, long count) in new[] { (0L, 5L), (5L, 1L), (6L, linear.Outputs - 6) })
        {
            var call = new LinearCall(seed, (start, count));
            parts.Add(linear.Apply(x, call));
            sum = sum.Plus(linear.Backward(x, gradient.narrow(1, start, count), call));
        }

        double tolerance = type == "float64" ? 1e-13 : 2e-6;
        AssertClose(whole, cat([.. parts], 1), tolerance, "outputs");
        AssertClose(wholeBack, sum, tolerance, "inputs' gradient");
        for (int i = 0; i < trained.Length; i++) AssertClose(gradients[i], trained[i].Gradient!, tolerance, trained[i].Name);
    }

    [Fact]
    public void Apply_Dropout_IsGivenBySeedAndModuleAlone()
    {
        using CausalLanguageModel model = Model("float64");
        Linear linear = Adapted(model, "lora"), other = model.Parameters.Linears[1];
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        Tensor x = ones(4000, linear.Inputs, dtype: ScalarType.Float64);
        LoraDropout mask = LoraDropout.Draw(0.25, 9, linear.Name, x)!, again = LoraDropout.Draw(0.25, 9, linear.Name, x)!;
        double[] values = TinyModels.Doubles(mask.Apply(x));
        Assert.Equal(values, TinyModels.Doubles(again.Apply(x)));
        double[]? onThread = null;
        var thread = new Thread(() =>
        {
            using var scope = NewDisposeScope();
            onThread = TinyModels.Doubles(LoraDropout.Draw(0.25, 9, linear.Name, x)!.Apply(x));
        });
        thread.Start();
        thread.Join();
        Assert.Equal(values, onThread);
        Assert.NotEqual(values, TinyModels.Doubles(LoraDropout.Draw(0.25, 10, linear.Name, x)!.Apply(x)));
        Assert.NotEqual(values, TinyModels.Doubles(LoraDropout.Draw(0.25, 9, other.Name, x)!.Apply(x)));
        Assert.All(values, value => Assert.True(value == 0 || Math.Abs(value - (1 / 0.75)) < 1e-15));
        Assert.Equal(1, values.Average(), 0.01);
        Assert.Null(LoraDropout.Draw(0.25, null, linear.Name, x));
        Assert.Null(LoraDropout.Draw(0, 9, linear.Name, x));

        Tensor few = x.narrow(0, 0, 3);
        Assert.Equal(TinyModels.Doubles(linear.Apply(few, new LinearCall(9))), TinyModels.Doubles(linear.Apply(few, new LinearCall(9))));
        Assert.NotEqual(TinyModels.Doubles(linear.Apply(few, new LinearCall(9))), TinyModels.Doubles(linear.Apply(few)));
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void Dropout_ValuesAndTheirNeighbours_AreIndependent(double probability)
    {
        const int Rows = 1000, Columns = 1000;
        using var scope = NewDisposeScope();
        double[] values = TinyModels.Doubles(LoraDropout.Draw(probability, 1, "q_proj", ones(Rows, Columns))!.Apply(ones(Rows, Columns)));
        double[] dropped = [.. values.Select(value => value == 0 ? 1.0 : 0.0)];
        double deviation = Math.Sqrt(probability * (1 - probability));
        Assert.Equal(probability, dropped.Average(), 5 * deviation / 1000);
        foreach ((int down, int across) in new[] { (0, 1), (1, 0), (1, 1), (2, 0), (0, 2), (0, 64), (64, 0), (128, 128) })
        {
            double product = 0;
            int count = 0;
            for (int row = 0; row < Rows - down; row++)
            {
                for (int column = 0; column < Columns - across; column++, count++)
                    product += (dropped[(row * Columns) + column] - probability) * (dropped[((row + down) * Columns) + column + across] - probability);
            }

            Assert.InRange(product / count / (deviation * deviation), -5 / Math.Sqrt(count), 5 / Math.Sqrt(count));
        }

        // The four corners of a rectangle, whose numbers hang together before they are mixed.
        double corners = 0;
        for (int row = 0; row < Rows - 1; row += 2)
        {
            for (int column = 0; column < Columns - 1; column += 2)
            {
                int at = (row * Columns) + column;
                corners += (dropped[at] - probability) * (dropped[at + 1] - probability) * (dropped[at + Columns] - probability) * (dropped[at + Columns + 1] - probability);
            }
        }

        Assert.InRange(corners / 250_000 / Math.Pow(deviation, 4), -0.06, 0.06);
        for (int row = 0; row < Rows; row += 97)
            Assert.Equal(probability, dropped.AsSpan(row * Columns, Columns).ToArray().Average(), 5 * deviation / Math.Sqrt(Columns));
    }

    [Theory]
    [InlineData(ScalarType.Float64, 1e-13)]
    [InlineData(ScalarType.Float32, 1e-6)]
    public void BackwardOfTheEmbedding_IsAutograds(ScalarType type, double tolerance)
    {
        using CausalLanguageModel model = CausalLanguageModel.Create(TinyModels.Config() with { PadTokenId = 4 }, 5, new ModelLoadOptions { DataType = type });
        model.AddAdapter(new LoraOptions { Rank = 3, Alpha = 5, TargetModules = ["embed_tokens"], Initialization = LoraInitialization.Random }, 1);
        EmbeddingLora embedding = model.EmbeddingAdapter!;
        using var scope = NewDisposeScope();
        Tensor ids = tensor(new long[] { 7, 4, 9, 7, 30, 4 }), gradient = Draw([6, model.Shape.HiddenSize], type, 2);
        embedding.A.Value.requires_grad_(true);
        embedding.B.Value.requires_grad_(true);
        embedding.Apply(ids).backward([gradient]);
        using var noGradient = no_grad();
        embedding.Backward(ids, gradient);
        AssertClose(embedding.A.Value.grad!, embedding.A.Gradient!, tolerance, "A");
        AssertClose(embedding.B.Value.grad!, embedding.B.Gradient!, tolerance, "B");
        Assert.All(TinyModels.Doubles(embedding.A.Gradient!.narrow(1, 4, 1)), value => Assert.Equal(0, value)); // the pad token's column
        Assert.Contains(TinyModels.Doubles(embedding.A.Gradient!.narrow(1, 7, 1)), value => value != 0);
    }

    [Fact]
    public void Apply_Dora_IsTheDefinition()
    {
        using CausalLanguageModel model = Model("float64");
        Linear linear = Adapted(model, "dora");
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        LoraLayer layer = linear.Adapter!;
        double[,] weight = Matrix(linear.Weight.Value), a = Matrix(layer.A.Value), b = Matrix(layer.B.Value);
        double[] magnitude = TinyModels.Doubles(layer.Magnitude!.Value), bias = TinyModels.Doubles(linear.Bias!.Value);
        Tensor x = Draw([2, linear.Inputs], ScalarType.Float64, 3);
        double[,] inputs = Matrix(x), actual = Matrix(linear.Apply(x));
        for (int o = 0; o < weight.GetLength(0); o++)
        {
            double[] row = [.. Enumerable.Range(0, weight.GetLength(1)).Select(i => weight[o, i] + (layer.Scale * Enumerable.Range(0, b.GetLength(1)).Sum(r => b[o, r] * a[r, i])))];
            double norm = Math.Sqrt(row.Sum(value => value * value));
            for (int t = 0; t < 2; t++)
                Assert.Equal((row.Select((value, i) => value * inputs[t, i]).Sum() * magnitude[o] / norm) + bias[o], actual[t, o], 1e-12);
        }
    }

    private static double[,] Matrix(Tensor tensor)
    {
        double[] flat = TinyModels.Doubles(tensor);
        var matrix = new double[tensor.shape[0], tensor.shape[1]];
        Buffer.BlockCopy(flat, 0, matrix, 0, flat.Length * sizeof(double));
        return matrix;
    }

    private static CausalLanguageModel Model(string type) => CausalLanguageModel.Create(
        TinyModels.Config() with { AttentionBias = true },
        5,
        new ModelLoadOptions { DataType = type == "float64" ? ScalarType.Float64 : ScalarType.Float32, WeightQuantization = type == "nf4" ? WeightQuantization.Nf4 : WeightQuantization.None });

    /// <summary>A query projection with an adapter in which nothing is zero.</summary>
    private static Linear Adapted(CausalLanguageModel model, string kind)
    {
        Linear linear = model.Parameters.Linears[0];
        if (kind == "plain") return linear;
        LoraAdapter adapter = model.AddAdapter(
            new LoraOptions
            {
                Rank = 3,
                Alpha = 5,
                Dropout = 0.3,
                RankStabilized = kind == "rslora",
                WeightDecomposed = kind == "dora",
                OutputBias = kind == "lora-bias",
                Initialization = LoraInitialization.Random,
            },
            seed: 3);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        linear.Adapter!.Magnitude?.Value.mul_(linspace(0.7, 1.4, linear.Outputs, dtype: linear.Adapter.Magnitude.Value.dtype));
        linear.Bias!.Value.copy_(linspace(-1, 1, linear.Outputs));
        Assert.Equal(linear.Adapter.Parameters.Count(), adapter.Trainable.Count(parameter => parameter.Name.Contains(linear.Name + ".", StringComparison.Ordinal)));
        return linear;
    }

    private static LinearCall Call(string name, Linear linear) =>
        new(name.StartsWith("dropout", StringComparison.Ordinal) ? 77UL : null, name.EndsWith("rows", StringComparison.Ordinal) ? (7, linear.Outputs - 12) : null);

    private static Tensor Draw(long[] shape, ScalarType type, int seed)
    {
        using var generator = new Generator((ulong)seed, CPU);
        return randn(shape, generator: generator).to(type);
    }

    private static void AssertClose(Tensor expected, Tensor actual, double tolerance, string what) =>
        TinyModels.AssertClose(TinyModels.Doubles(expected), TinyModels.Doubles(actual), tolerance, what);
}
