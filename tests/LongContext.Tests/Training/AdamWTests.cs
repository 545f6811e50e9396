using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.TestSupport;
using LongContext.Training;
using static TorchSharp.torch;

namespace LongContext.Tests.Training;

public sealed class AdamWTests
{
    private static readonly AdamWOptions Options = new() { Beta1 = 0.7, Beta2 = 0.9, Epsilon = 1e-3, WeightDecay = 0.5 };

    [Fact]
    public void Step_TenTimes_IsTheScalarAlgorithm()
    {
        ModelParameters parameters = Parameters();
        using var release = new Releasing(parameters);
        using var optimizer = new AdamW([.. parameters.All], Options);
        var byHand = parameters.ToDictionary(p => p.Key, p => new ScalarAdamW(TinyModels.Doubles(p.Value), Options, decays: p.Value.dim() > 1));
        for (int step = 0; step < 10; step++)
        {
            foreach (Parameter parameter in parameters.All)
            {
                byHand[parameter.Name].Step(TinyModels.Doubles(SetGradient(parameter, step)), 0.1 / (step + 1));
            }

            optimizer.Step(0.1 / (step + 1));
        }

        Assert.Equal(10, optimizer.Updates);
        foreach ((string name, Tensor parameter) in parameters) TinyModels.AssertClose(byHand[name].Values, TinyModels.Doubles(parameter), 1e-13, name);
    }

    [Fact]
    public void Step_WithoutGradient_DecaysMatricesAndLeavesNorms()
    {
        ModelParameters parameters = Parameters();
        using var release = new Releasing(parameters);
        using var optimizer = new AdamW([.. parameters.All], Options);
        double[] matrix = TinyModels.Doubles(parameters["matrix"]), norm = TinyModels.Doubles(parameters["norm"]);
        foreach (Parameter parameter in parameters.All) parameter.Allocated();
        optimizer.Step(0.1);
        Assert.Equal(matrix.Select(x => x * (1 - 0.1 * 0.5)), TinyModels.Doubles(parameters["matrix"]));
        Assert.Equal(norm, TinyModels.Doubles(parameters["norm"]));
    }

    [Fact]
    public void GradientNorm_OfAll_IsTheRootOfTheSquares()
    {
        ModelParameters parameters = Parameters();
        using var release = new Releasing(parameters);
        using var optimizer = new AdamW([.. parameters.All], Options);
        Assert.Equal(0, optimizer.GradientNorm());
        double squares = parameters.All.Sum(parameter => TinyModels.Doubles(SetGradient(parameter, 3)).Sum(g => g * g));
        Assert.Equal(Math.Sqrt(squares), optimizer.GradientNorm(), 1e-12);
        optimizer.ScaleGradients(0.25);
        Assert.Equal(0.25 * Math.Sqrt(squares), optimizer.GradientNorm(), 1e-12);
        optimizer.ClearGradients();
        Assert.Equal(0, optimizer.GradientNorm());
        optimizer.ReleaseGradients();
        Assert.All(parameters.All, parameter => Assert.Null(parameter.Gradient));
    }

    [Fact]
    public void Restore_OfASavedState_GoesOnTheSame()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        ModelParameters straight = Parameters(), resumed = Parameters();
        using var release = new Releasing(straight, resumed);
        using AdamW first = new([.. straight.All], Options), second = new([.. resumed.All], Options);
        Steps(first, straight, 0, 3);
        SafetensorsWriter.Write(folder["state"], first.State());
        foreach ((string name, Tensor parameter) in resumed) parameter.copy_(straight[name]);
        Steps(first, straight, 3, 6);

        using (SafetensorsFile file = SafetensorsFile.Open(folder["state"])) second.Restore(file, 3);
        Steps(second, resumed, 3, 6);

        foreach ((string name, Tensor parameter) in straight) Assert.Equal(TinyModels.Doubles(parameter), TinyModels.Doubles(resumed[name]));
    }

    private static void Steps(AdamW optimizer, ModelParameters parameters, int from, int to)
    {
        for (int step = from; step < to; step++)
        {
            foreach (Parameter parameter in parameters.All) SetGradient(parameter, step);
            optimizer.Step(0.1);
        }
    }

    private static ModelParameters Parameters()
    {
        var parameters = new ModelParameters();
        parameters.Add("matrix", Random([3, 5], 1));
        parameters.Add("norm", Random([4], 2));
        return parameters;
    }

    private static Tensor SetGradient(Parameter parameter, int step)
    {
        parameter.ReleaseGradient();
        using Tensor gradient = Random(parameter.Value.shape, 100 + step);
        parameter.AddGradient(gradient);
        return parameter.Gradient!;
    }

    private static Tensor Random(long[] shape, int seed)
    {
        var random = new Random(seed);
        return tensor((double[])[.. Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(_ => random.NextDouble() * 2 - 1)], shape);
    }

    /// <summary>Weights belong to a model; here there is none to free them.</summary>
    private sealed class Releasing(params ModelParameters[] all) : IDisposable
    {
        public void Dispose() => Array.ForEach(all, parameters => parameters.Release());
    }
}
