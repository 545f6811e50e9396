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
            MinimumNewTokens = -1, FrequencyPenalty = 2.5, PresencePenalty = double.NaN, TypicalP = 0, TopNSigma = -1, NoRepeatNGramSize = 0, LogProbabilities = -1,
            LogitBias = new Dictionary<int, double> { [TinyModels.Vocabulary] = 1, [1] = double.PositiveInfinity }, BadWordIds = [[], [1, -1]],
        };
        ArgumentException e = Assert.Throws<ArgumentException>(() => new TextGenerator(model).Generate([3], options));
        Assert.All(
            ["MaximumNewTokens", "Temperature", "TopK", "TopP", "MinP", "RepetitionPenalty", "NaN", "PrefillChunkTokens", "MinimumNewTokens", "FrequencyPenalty", "PresencePenalty",
                "TypicalP", "TopNSigma", "NoRepeatNGramSize", "LogProbabilities", "LogitBias has 48", "LogitBias of token 1", "BadWordIds[0]", "BadWordIds[1] has -1"],
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
