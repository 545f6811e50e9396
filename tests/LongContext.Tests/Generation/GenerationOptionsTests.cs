using LongContext.Generation;
using LongContext.Models;

namespace LongContext.Tests.Generation;

public sealed class GenerationOptionsTests
{
    [Fact]
    public void Generate_EveryFault_IsNamedInOneException()
    {
        using CausalLanguageModel model = TinyModels.Create();
        var options = new GenerationOptions
        {
            MaximumNewTokens = 0, Temperature = -1, TopK = 0, TopP = 0, MinP = 1.5, RepetitionPenalty = double.NaN, PrefillChunkTokens = 0,
            MinimumNewTokens = -1, FrequencyPenalty = 2.5, PresencePenalty = double.NaN,
        };
        ArgumentException e = Assert.Throws<ArgumentException>(() => new TextGenerator(model).Generate([3], options));
        Assert.All(
            ["MaximumNewTokens", "Temperature", "TopK", "TopP", "MinP", "RepetitionPenalty", "NaN", "PrefillChunkTokens", "MinimumNewTokens", "FrequencyPenalty", "PresencePenalty"],
            text => Assert.Contains(text, e.Message, StringComparison.Ordinal));
        // Not only when the first token is asked for.
        Assert.Throws<ArgumentException>(() => new TextGenerator(model).Stream(new[] { 3 }, options));
    }

    [Theory]
    [InlineData(double.PositiveInfinity, null, null)]
    [InlineData(double.NaN, null, null)]
    [InlineData(1, 1.01, null)]
    [InlineData(1, double.NaN, null)]
    [InlineData(1, null, -0.1)]
    [InlineData(1, null, double.NaN)]
    public void Generate_NumberOutOfRange_IsRefused(double temperature, double? topP, double? minP)
    {
        using CausalLanguageModel model = TinyModels.Create();
        var options = new GenerationOptions { Temperature = temperature, TopP = topP, MinP = minP };
        Assert.Throws<ArgumentException>(() => new TextGenerator(model).Generate([3], options));
    }
}
