using LongContext.Models;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Optimizers;

public sealed class ParameterGroupTests
{
    [Fact]
    public void WeightDecay_WithoutGroups_IsForMatricesAndEmbeddingsOnly()
    {
        using var parameters = new TestParameters(ScalarType.Float32);
        var rules = new ParameterRules(parameters.All, [], 0.1);
        Assert.Equal(0.1, rules.WeightDecay(parameters["embed"]));
        Assert.Equal(0.1, rules.WeightDecay(parameters["experts"]));
        Assert.Equal(0, rules.WeightDecay(parameters["norm"]));
        Assert.All(parameters.All, parameter => Assert.Equal(1, rules.LearningRateFactor(parameter)));
    }

    [Fact]
    public void Groups_SeveralThatFit_TheFirstCounts()
    {
        using var parameters = new TestParameters(ScalarType.Float32);
        ParameterGroup[] groups =
        [
            new() { Pattern = "*.mlp.*", LearningRateFactor = 0.5 },
            new() { Pattern = "layers.?.*", LearningRateFactor = 2, WeightDecay = 0.7 },
        ];
        var rules = new ParameterRules(parameters.All, groups, 0.1);
        Assert.Equal((0.5, 0.1), (rules.LearningRateFactor(parameters["mlp"]), rules.WeightDecay(parameters["mlp"])));
        Assert.Equal((2, 0.7), (rules.LearningRateFactor(parameters["experts"]), rules.WeightDecay(parameters["experts"])));
        Assert.Equal((2, 0.0), (rules.LearningRateFactor(parameters["norm"]), rules.WeightDecay(parameters["norm"])));
        Assert.Equal((1, 0.1), (rules.LearningRateFactor(parameters["embed"]), rules.WeightDecay(parameters["embed"])));
        Assert.Equal(
            [
                "*.mlp.*: 1 parameters of 851 values, learning rate × 0.5, weight decay 0.1 but 0 for the 0 of one dimension",
                "layers.?.*: 2 parameters of 250 values, learning rate × 2, weight decay 0.7 but 0 for the 1 of one dimension",
                "all others: 1 parameters of 1080 values, learning rate × 1, weight decay 0.1 but 0 for the 0 of one dimension",
            ],
            rules.Descriptions);
    }

    [Fact]
    public void Groups_ThatMatchNothing_AreListedWithTheNames()
    {
        using var parameters = new TestParameters(ScalarType.Float32);
        ParameterGroup[] groups = [new() { Pattern = "*" }, new() { Pattern = "*.norm.*" }, new() { Pattern = "*.lora_A.*" }];
        string message = Assert.Throws<ArgumentException>(() => new ParameterRules(parameters.All, groups, 0.1)).Message;
        Assert.Contains("'*.norm.*', '*.lora_A.*'", message, StringComparison.Ordinal);
        Assert.All(parameters.All, parameter => Assert.Contains(parameter.Name, message, StringComparison.Ordinal));
    }

    [Fact]
    public void LongContextTrainer_EveryFaultOfOptimizerAndGroups_IsNamedInOneException()
    {
        using CausalLanguageModel model = TinyModels.Create();
        AssertFaults(
            model, new AdamW8BitOptions { Beta1 = 1, Beta2 = -1, Epsilon = 0, MinimumSize = -1, WeightDecay = -1, HalfPrecisionUpdates = (HalfPrecisionUpdates)9 },
            "AdamW8Bit.Beta1", "AdamW8Bit.Beta2", "AdamW8Bit.Epsilon", "AdamW8Bit.MinimumSize", "AdamW8Bit.WeightDecay", "AdamW8Bit.HalfPrecisionUpdates is 9");
        AssertFaults(
            model, new AdafactorOptions { SquareEpsilon = 0, ParameterEpsilon = -1, ClipThreshold = double.NaN, Beta2Exponent = 0, Beta1 = 1, WeightDecay = double.NaN },
            "Adafactor.SquareEpsilon", "Adafactor.ParameterEpsilon", "Adafactor.ClipThreshold", "Adafactor.Beta2Exponent", "Adafactor.Beta1", "Adafactor.WeightDecay");
        AssertFaults(model, new LionOptions { Beta1 = 2, Beta2 = double.NaN, WeightDecay = -0.1 }, "Lion.Beta1", "Lion.Beta2", "Lion.WeightDecay");
    }

    private static void AssertFaults(CausalLanguageModel model, OptimizerOptions optimizer, params string[] named)
    {
        ParameterGroup[] groups = [null!, new() { Pattern = "", LearningRateFactor = -1, WeightDecay = double.NaN }];
        ArgumentException e = Assert.Throws<ArgumentException>(
            () => new LongContextTrainer(model, new TrainerOptions { Epochs = 0, Optimizer = optimizer, ParameterGroups = groups }));
        string[] all = [.. named, "Epochs", "ParameterGroups[0] must not be null", "ParameterGroups[1].Pattern", "ParameterGroups[1].LearningRateFactor", "ParameterGroups[1].WeightDecay"];
        Assert.All(all, text => Assert.Contains(text, e.Message, StringComparison.Ordinal));
    }
}
