using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Positions;

namespace LongContext.Tests.Models;

public sealed class ModelConfigExtensionsTests
{
    [Fact]
    public void WithRopeScaling_Linear_MultipliesTheTrainedWindow()
    {
        ModelConfig scaled = TinyModels.Config().WithRopeScaling(RopeScaling.Linear(8));
        Assert.Equal((256, RopeScaling.Linear(8)), (scaled.MaxPositionEmbeddings, scaled.RopeScaling));
        // Replaced, not multiplied; back again as well.
        Assert.Equal(64, scaled.WithRopeScaling(RopeScaling.Linear(2)).MaxPositionEmbeddings);
        Assert.Equal(32, scaled.WithRopeScaling(RopeScaling.None).MaxPositionEmbeddings);
        Assert.Equal(32, scaled.WithRopeScaling(RopeScaling.DynamicNtk(4)).MaxPositionEmbeddings);
    }

    [Fact]
    public void WithRopeScaling_AfterWritingAndReading_KnowsTheTrainedWindow()
    {
        ModelConfig read = ModelConfig.Parse(TinyModels.Config().WithRopeScaling(RopeScaling.Linear(8)).ToJson(), "test");
        Assert.Equal(32, read.WithRopeScaling(RopeScaling.None).MaxPositionEmbeddings);
        Assert.Equal(512, read.WithRopeScaling(RopeScaling.Linear(16)).MaxPositionEmbeddings);
    }

    [Fact]
    public void WithRopeScaling_Dynamic_CountsFromTheTrainedWindow()
    {
        ModelConfig scaled = TinyModels.Config().WithRopeScaling(RopeScaling.DynamicNtk(8));
        Assert.Equal(32, scaled.MaxPositionEmbeddings);
        Assert.Equal(32, scaled.RopeParameters.MaxPositionEmbeddings);
        Assert.Equal(scaled, TinyModels.Config().WithRopeScaling(RopeScaling.DynamicNtk(8), contextLength: 32));
        Assert.Throws<ArgumentException>("contextLength", () => TinyModels.Config().WithRopeScaling(RopeScaling.DynamicNtk(8), contextLength: 256));
    }

    [Fact]
    public void WithRopeScaling_ContextLengthGiven_IsTheWindow()
    {
        Assert.Equal(100, TinyModels.Config().WithRopeScaling(RopeScaling.Linear(8), contextLength: 100).MaxPositionEmbeddings);
        Assert.Throws<ArgumentOutOfRangeException>("contextLength", () => TinyModels.Config().WithRopeScaling(RopeScaling.None, contextLength: 0));
        Assert.Throws<ArgumentNullException>("scaling", () => TinyModels.Config().WithRopeScaling(null!));
    }

    [Fact]
    public void TrainedContextLength_AnyScaling_IsTheWindowOfPretraining()
    {
        ModelConfig config = TinyModels.Config();
        Assert.Equal(32, config.TrainedContextLength());
        Assert.Equal(32, config.WithRopeScaling(RopeScaling.DynamicNtk(4)).TrainedContextLength());
        Assert.Equal(32, ModelConfig.Parse(config.WithRopeScaling(RopeScaling.Linear(8)).ToJson(), "test").TrainedContextLength());
    }

    [Theory]
    [InlineData(ContextExtensionMethod.Linear, 128)]
    [InlineData(ContextExtensionMethod.NtkAware, 128)]
    [InlineData(ContextExtensionMethod.Yarn, 128)]
    [InlineData(ContextExtensionMethod.Llama3, 128)]
    [InlineData(ContextExtensionMethod.DynamicNtk, 32)]
    public void ExtendTo_AnyMethod_GivesFactorAndWindowThatReadBack(ContextExtensionMethod method, int window)
    {
        ModelConfig extended = TinyModels.Config().ExtendTo(128, method);
        Assert.Equal(window, extended.MaxPositionEmbeddings);
        Assert.Equal(32, extended.TrainedContextLength());
        ModelConfig read = ModelConfig.Parse(extended.ToJson(), "test");
        Assert.Equal(extended, read);
        double[] expected = Frequencies(extended), actual = Frequencies(read);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(1, actual[i] / expected[i], 1e-12);
        Assert.NotEqual(expected[^1], Frequencies(TinyModels.Config())[^1]);

        // From an extended model the factor counts from the trained window again.
        Assert.Equal(TinyModels.Config().ExtendTo(256, method), extended.ExtendTo(256, method));

        static double[] Frequencies(ModelConfig config) => [.. config.RopeScaling.ComputeFrequencies(config.RopeParameters, 128).InverseFrequencies];
    }

    [Fact]
    public void ExtendTo_GemmaLike_LeavesSlidingLayersAlone()
    {
        ModelConfig config = TinyModels.Config() with { ModelType = "gemma3_text", HeadDimension = 8 };
        ModelConfig extended = config.ExtendTo(256, ContextExtensionMethod.Linear);
        Assert.Equal(RopeScaling.Linear(8), extended.RopeOf("full_attention").Scaling);
        Assert.Equal(new RopeSettings { Theta = 10_000 }, extended.RopeOf("sliding_attention"));
    }

    [Fact]
    public void ExtendTo_NotLonger_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>("contextLength", () => TinyModels.Config().ExtendTo(32, ContextExtensionMethod.Linear));
        Assert.Throws<ArgumentOutOfRangeException>("method", () => TinyModels.Config().ExtendTo(64, (ContextExtensionMethod)9));
        Assert.Throws<ArgumentOutOfRangeException>("contextLength", () => ContextExtensionAdvice.For(TinyModels.Config(), 0, fineTuned: true));
    }

    [Theory]
    [InlineData(128, false, ContextExtensionMethod.DynamicNtk)]
    [InlineData(256, true, ContextExtensionMethod.Linear)]
    [InlineData(512, true, ContextExtensionMethod.Yarn)]
    public void Advice_ByFactorAndTuning_NamesTheMethod(int contextLength, bool fineTuned, ContextExtensionMethod expected)
    {
        ContextExtensionAdvice advice = ContextExtensionAdvice.For(TinyModels.Config(), contextLength, fineTuned);
        Assert.Equal((expected, contextLength / 32.0), (advice.Method, advice.Factor));
        Assert.NotEmpty(advice.Reason);
    }

    [Fact]
    public void WithRopeScaling_FactorsOfAnotherHeadSize_IsRefused() =>
        Assert.Contains("3 entries", Assert.Throws<ArgumentException>(
            () => TinyModels.Config().WithRopeScaling(RopeScaling.LongRope([1, 1, 1], [2, 2, 2]), contextLength: 64)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(ContextExtensionMethod.Linear)]
    [InlineData(ContextExtensionMethod.Yarn)]
    [InlineData(ContextExtensionMethod.DynamicNtk)]
    public void ExtendTo_LoadedModel_IsAsIfLoadedExtended(ContextExtensionMethod method)
    {
        using CausalLanguageModel model = TinyModels.Create();
        var prompt = LongContext.Packing.PackedBatch.CreatePrompt(TinyModels.Tokens(70, 3));
        double[] before = TinyModels.Logits(model, prompt);
        using var cache = new LongContext.Generation.KeyValueCache(2);
        using TorchSharp.torch.Tensor hidden = model.ForwardCached([3, 4], cache);

        model.ExtendTo(128, method);

        using CausalLanguageModel made = CausalLanguageModel.Create(
            TinyModels.Config().ExtendTo(128, method), seed: 5, new ModelLoadOptions { DataType = TorchSharp.torch.ScalarType.Float64 });
        double[] after = TinyModels.Logits(model, prompt);
        Assert.Equal(TinyModels.Logits(made, prompt), after);
        Assert.NotEqual(before, after);
        Assert.Throws<ArgumentException>("cache", () => model.ForwardCached([5], cache));
    }

    [Theory]
    [InlineData(ContextExtensionMethod.Linear)]
    [InlineData(ContextExtensionMethod.Yarn)]
    [InlineData(ContextExtensionMethod.Llama3)]
    public void WithRopeScaling_WindowThatDoesNotFollow_KeepsTheTrainedOne(ContextExtensionMethod method)
    {
        RopeScaling scaling = TinyModels.Config().ExtendTo(256, method).RopeScaling;
        ModelConfig config = TinyModels.Config().WithRopeScaling(scaling, contextLength: 200);
        ModelConfig read = ModelConfig.Parse(config.ToJson(), "test");
        foreach (ModelConfig each in new[] { config, read })
        {
            Assert.Equal((200, 32), (each.MaxPositionEmbeddings, each.TrainedContextLength()));
            Assert.Equal(16.0, Factor(each.ExtendTo(512, method).RopeScaling));
        }

        static double Factor(RopeScaling scaling) => scaling switch
        {
            LinearRopeScaling linear => linear.Factor,
            YarnRopeScaling yarn => yarn.Factor,
            Llama3RopeScaling llama => llama.Factor,
            _ => 0,
        };
    }

    [Fact]
    public void WithRopeScaling_FactorBeyondAllWindows_NamesTheScaling() =>
        Assert.Throws<ArgumentOutOfRangeException>("scaling", () => TinyModels.Config().WithRopeScaling(RopeScaling.Yarn(1e9)));

    [Fact]
    public void ExtendTo_ShorterThanTheModelsWindow_Throws()
    {
        ModelConfig extended = TinyModels.Config().ExtendTo(256, ContextExtensionMethod.Llama3);
        Assert.Throws<ArgumentOutOfRangeException>("contextLength", () => extended.ExtendTo(128, ContextExtensionMethod.Linear));
    }

    [Theory]
    [InlineData(256, 8)]
    [InlineData(100, 3.125)]
    [InlineData(1, 0.03125)]
    public void For_LengthWithinTheWindow_SaysThatItSuffices(int contextLength, double factor)
    {
        ContextExtensionAdvice advice = ContextExtensionAdvice.For(TinyModels.Config().ExtendTo(256, ContextExtensionMethod.Llama3), contextLength, fineTuned: true);
        Assert.Null(advice.Method);
        Assert.Equal(factor, advice.Factor);
        Assert.Contains("window of 256 tokens suffices", advice.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ContextExtensionMethod.Linear)]
    [InlineData(ContextExtensionMethod.NtkAware)]
    [InlineData(ContextExtensionMethod.Yarn)]
    [InlineData(ContextExtensionMethod.Llama3)]
    public void Advice_ForAScaledModel_StaysWithItsKind(ContextExtensionMethod method)
    {
        ModelConfig extended = TinyModels.Config().ExtendTo(64, method);
        foreach (bool fineTuned in new[] { true, false })
        {
            ContextExtensionAdvice advice = ContextExtensionAdvice.For(extended, 128, fineTuned);
            Assert.Equal((method, 4.0), (advice.Method, advice.Factor));
            Assert.Equal(!fineTuned, advice.Reason.Contains("Without fine-tuning", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Advice_ForLongRope_NamesNoMethod()
    {
        double[] factors = [1, 1, 1, 1];
        ModelConfig config = TinyModels.Config().WithRopeScaling(RopeScaling.LongRope(factors, factors), contextLength: 128);
        ContextExtensionAdvice advice = ContextExtensionAdvice.For(config, 256, fineTuned: true);
        Assert.Null(advice.Method);
        Assert.Contains("longrope", advice.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void GetHashCode_OfEqualConfigs_IsEqual()
    {
        ModelConfig config = TinyModels.Config().ExtendTo(64, ContextExtensionMethod.NtkAware), read = ModelConfig.Parse(config.ToJson(), "test");
        Assert.Equal(config, read);
        Assert.Equal(config.GetHashCode(), read.GetHashCode());
    }
}
