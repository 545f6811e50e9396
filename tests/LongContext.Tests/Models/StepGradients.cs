using LongContext.Models;
using LongContext.Packing;
using LongContext.Tensors;
using LongContext.Training;
using LongContext.Training.Backpropagation;
using static TorchSharp.torch;

namespace LongContext.Tests.Models;

/// <summary>Loss and gradients of packs, by the library's backpropagation and by one plain autograd graph with all logits.</summary>
internal sealed record StepGradients(double Loss, IReadOnlyDictionary<string, double[]> Gradients)
{
    public static StepGradients Layerwise(
        CausalLanguageModel model, IReadOnlyList<PackedBatch> packs, ActivationPolicy? policy = null, double scale = 1, double zLoss = 0, ulong? dropoutSeed = null)
    {
        IReadOnlyList<Parameter> trained = model.TrainableParameters;
        foreach (Parameter parameter in trained) parameter.Trains = true;
        using var backpropagation = new LayerwiseBackpropagation(model, policy ?? ActivationPolicy.RecomputeLayers, zLoss);
        double loss = packs.Sum(pack => backpropagation.Run(pack, scale, dropoutSeed));
        var gradients = trained.Where(parameter => parameter.Gradient is not null).ToDictionary(parameter => parameter.Name, parameter => TinyModels.Doubles(parameter.Gradient!));
        foreach (Parameter parameter in trained)
        {
            parameter.Trains = false;
            parameter.ReleaseGradient();
        }

        return new StepGradients(loss, gradients);
    }

    public static StepGradients Autograd(CausalLanguageModel model, IReadOnlyList<PackedBatch> packs, double scale = 1, double zLoss = 0)
    {
        // Gradients are handed out as tensors of their own, which nothing else would hold.
        using var gradientScope = NewDisposeScope();
        IReadOnlyList<Parameter> trained = model.TrainableParameters;
        foreach (Parameter parameter in trained) parameter.Value.requires_grad_(true);
        double loss = 0;
        foreach (PackedBatch pack in packs)
        {
            using var scope = NewDisposeScope();
            using PackedInputs inputs = PackedInputs.Create(pack);
            Tensor logits = model.Logits(model.Forward(inputs));
            Tensor labels = tensor(Array.ConvertAll(pack.Labels.ToArray(), label => (long)Math.Max(label, 0)));
            Tensor weights = tensor(pack.LossWeights.ToArray()).to(logits.dtype), logSum = logits.logsumexp(-1);
            Tensor entropy = logSum.Minus(logits.gather(1, labels.unsqueeze(1)).squeeze(1));
            Tensor sum = (entropy * weights).sum(), penalty = zLoss == 0 ? zeros_like(sum) : (logSum * logSum * weights).sum().Times(zLoss);
            loss += sum.to(ScalarType.Float64).item<double>();
            sum.Plus(penalty).Times(scale).backward();
        }

        var gradients = trained.Where(parameter => parameter.Value.grad is not null).ToDictionary(parameter => parameter.Name, parameter => TinyModels.Doubles(parameter.Value.grad!));
        foreach (Parameter parameter in trained)
        {
            parameter.Value.requires_grad_(false);
            if (parameter.Value.grad is not null) parameter.Value.grad = null!;
        }

        return new StepGradients(loss, gradients);
    }

    /// <summary>Every gradient is within the tolerance of its norm, apart from rounding of the largest of all: some are 0 by mathematics.</summary>
    public void AssertClose(StepGradients expected, double tolerance, string what)
    {
        Assert.True(Math.Abs(Loss - expected.Loss) <= tolerance * Math.Abs(expected.Loss), $"{what}: loss {Loss:R}, expected {expected.Loss:R}");
        Assert.Equal(expected.Gradients.Keys.Order(StringComparer.Ordinal), Gradients.Keys.Order(StringComparer.Ordinal));
        var wrong = new List<string>();
        double floor = expected.Gradients.Values.Max(Norm) * tolerance / 10;
        foreach ((string name, double[] gradient) in expected.Gradients)
        {
            double norm = Norm(gradient), distance = Norm([.. gradient.Zip(Gradients[name], (a, b) => a - b)]);
            if (distance > (tolerance * norm) + floor) wrong.Add($"{what}: {name} is off by {distance / norm:E2} of its norm {norm:E2}");
        }

        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong));
    }

    public void AssertSameBits(StepGradients expected, string what)
    {
        Assert.Equal(expected.Loss, Loss);
        Assert.Equal(expected.Gradients.Keys, Gradients.Keys);
        foreach ((string name, double[] gradient) in expected.Gradients) Assert.True(gradient.AsSpan().SequenceEqual(Gradients[name]), $"{what}: {name} differs");
    }

    private static double Norm(double[] values) => Math.Sqrt(values.Sum(x => x * x));
}
