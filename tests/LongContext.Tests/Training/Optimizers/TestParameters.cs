using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Optimizers;

/// <summary>Some parameters of different shapes with random values, and random gradients by number.</summary>
internal sealed class TestParameters : IDisposable
{
    private static readonly (string Name, long[] Shape)[] Shapes =
    [
        ("model.embed_tokens.weight", [45, 24]), ("layers.0.mlp.up_proj.weight", [37, 23]), ("layers.0.norm.weight", [19]), ("layers.1.experts.weight", [3, 7, 11]),
    ];

    public TestParameters(ScalarType dataType)
    {
        All = [.. Shapes.Select((shape, i) => new Parameter(shape.Name, Random(shape.Shape, i, dataType)))];
    }

    public IReadOnlyList<Parameter> All { get; }

    public Parameter this[string part] => All.Single(parameter => parameter.Name.Contains(part, StringComparison.Ordinal));

    /// <summary>Values by name, in double.</summary>
    public Dictionary<string, double[]> Values => All.ToDictionary(parameter => parameter.Name, parameter => TinyModels.Doubles(parameter.Value));

    public void SetGradients(int step)
    {
        for (int i = 0; i < All.Count; i++) SetGradient(All[i], (1000 * step) + i);
    }

    public static void SetGradient(Parameter parameter, int seed)
    {
        parameter.ReleaseGradient();
        using Tensor gradient = Random(parameter.Value.shape, 77 + seed, parameter.GradientType);
        parameter.AddGradient(gradient);
    }

    public void CopyFrom(TestParameters other)
    {
        foreach ((Parameter mine, Parameter theirs) in All.Zip(other.All)) mine.Value.copy_(theirs.Value);
    }

    public static void AssertSame(TestParameters expected, TestParameters actual)
    {
        foreach ((Parameter mine, Parameter theirs) in expected.All.Zip(actual.All))
            Assert.True(mine.Value.bytes.SequenceEqual(theirs.Value.bytes), $"{mine.Name} differs");
    }

    public void Dispose()
    {
        foreach (Parameter parameter in All)
        {
            parameter.ReleaseGradient();
            parameter.Value.Dispose();
        }
    }

    private static Tensor Random(long[] shape, int seed, ScalarType dataType)
    {
        var random = new Random(seed);
        double[] values = [.. Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(_ => random.NextDouble() * 2 - 1)];
        using Tensor wide = tensor(values, shape);
        return wide.to(dataType, copy: true);
    }
}
