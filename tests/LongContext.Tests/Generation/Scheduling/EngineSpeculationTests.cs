using LongContext.Generation;
using LongContext.Generation.Scheduling;

namespace LongContext.Tests.Generation.Scheduling;

public sealed class EngineSpeculationTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(0.7)]
    public async Task GenerateAsync_TextThatRepeatsItself_TakesFewerStepsAndGivesTheSame(double temperature)
    {
        var pages = new OraclePages(4, [null, 10]);
        long steps = 0, plainSteps = 0;
        for (int seed = 0; seed < 6; seed++)
        {
            await using GenerationEngine engine = Engines.Make(pages, 1 << 16);
            GenerationRequest request = new()
            {
                Prompt = Enumerable.Range(0, 30).Select(i => i % 5).ToArray(),
                Options = new GenerationOptions { MaximumNewTokens = 60, Temperature = temperature, Seed = seed, StopTokenIds = [], Speculation = new SpeculationOptions { ShortestMatch = 1 } },
            };
            GenerationResult alone = await Engines.AloneAsync([null, 10], request), result = await engine.GenerateAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(alone.Tokens, result.Tokens);
            Assert.True(result.AcceptedTokens <= result.GuessedTokens);
            Assert.Equal(engine.Statistics.AcceptedTokens, result.AcceptedTokens);
            steps += engine.Statistics.Steps;
            plainSteps += 61;
            Assert.Equal(61, engine.Statistics.Steps + result.AcceptedTokens);
        }

        Assert.True(steps < 0.9 * plainSteps, $"{steps} of {plainSteps}");
    }

    [Fact]
    public void Guess_RunSeenBefore_GoesOnAsItDidLast()
    {
        var lookup = new PromptLookup(new SpeculationOptions { MaximumTokens = 4, LongestMatch = 3, ShortestMatch = 2 });
        Assert.Equal([7, 1, 2], Guesses(lookup, [1, 2, 5, 6, 1, 2, 7, 1, 2], 3));
        // The longer run counts, though the shorter stands nearer.
        Assert.Equal([9], Guesses(lookup, [3, 1, 2, 9, 8, 1, 2, 7, 3, 1, 2], 1));
        // A period goes on beyond the text's end.
        Assert.Equal([1, 2, 1, 2], Guesses(lookup, [1, 2, 1, 2], 4));
        Assert.Empty(Guesses(lookup, [1, 2, 3, 4], 4));
        Assert.Empty(Guesses(lookup, [1], 4));
    }

    [Fact]
    public void Guess_WrongOnes_MakeThemFewer()
    {
        var lookup = new PromptLookup(new SpeculationOptions { MaximumTokens = 8 });
        int[] text = [1, 2, 1, 2, 1, 2];
        Assert.Equal(8, Guesses(lookup, text, 8).Length);
        lookup.Note(8, 0);
        Assert.Equal(4, Guesses(lookup, text, 8).Length);
        lookup.Note(4, 0);
        lookup.Note(2, 0);
        lookup.Note(1, 0);
        Assert.Single(Guesses(lookup, text, 8));
        lookup.Note(1, 1);
        Assert.Equal(2, Guesses(lookup, text, 8).Length);
    }

    private static int[] Guesses(PromptLookup lookup, int[] text, int most)
    {
        int[] room = [.. text, .. new int[most]];
        return room[text.Length..(text.Length + lookup.Guess(room, text.Length, most))];
    }
}
