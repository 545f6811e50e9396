using LongContext.Generation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.Tokenization;

namespace LongContext.Tests.Generation;

public sealed class TextGeneratorTests
{
    private static readonly int[] Prompt = TinyModels.Tokens(6, 21);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Generate_Greedy_IsTheArgmaxOfTheWholeEachTime(double factor)
    {
        using CausalLanguageModel model = TinyModels.Create(RopeScaling.Linear(factor));
        List<int> tokens = [.. Prompt];
        for (int i = 0; i < 70; i++)
        {
            double[] last = TinyModels.Logits(model, PackedBatch.CreatePrompt(tokens.ToArray()))[^TinyModels.Vocabulary..];
            tokens.Add(Array.IndexOf(last, last.Max()));
        }

        foreach (int chunk in new[] { 1, 4, 2048 })
            Assert.Equal(tokens[Prompt.Length..], new TextGenerator(model).Generate(Prompt, Options(70, chunk)));
        Assert.True(tokens[Prompt.Length..].Distinct().Count() > 3, "the model says one thing only: the test shows little");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Generate_DynamicPromptPastTheWindow_ComesOutTheSameInAnyChunks(bool rerotates)
    {
        using CausalLanguageModel model = TinyModels.Create(RopeScaling.DynamicNtk(8));
        int[] prompt = TinyModels.Tokens(5 * TinyModels.TrainedWindow, 3);
        double[] last = TinyModels.Logits(model, PackedBatch.CreatePrompt(prompt))[^TinyModels.Vocabulary..];
        int[][] made = [.. new[] { 1, 7, 50, 2048 }.Select(chunk => new TextGenerator(model).Generate(prompt, new GenerationOptions
        {
            MaximumNewTokens = 40, StopTokenIds = [], PrefillChunkTokens = chunk, RerotateCachedKeys = rerotates,
        }))];
        Assert.Equal(Array.IndexOf(last, last.Max()), made[0][0]);
        Assert.All(made, tokens => Assert.Equal(made[0], tokens));
    }

    [Fact]
    public void Generate_PenaltyCountsPromptAndOutput()
    {
        using CausalLanguageModel model = TinyModels.Create();
        // A penalty beyond measure: no token of prompt or output comes again while others are left.
        int[] made = new TextGenerator(model).Generate(Prompt, new GenerationOptions { MaximumNewTokens = 30, RepetitionPenalty = 1e6, StopTokenIds = [] });
        Assert.Equal(30, made.Concat(Prompt).Distinct().Count() - Prompt.Distinct().Count());
    }

    [Fact]
    public void Generate_Sampled_GoesByTheSeed()
    {
        using CausalLanguageModel model = TinyModels.Create();
        int[] one = Sample(1);
        Assert.Equal(one, Sample(1));
        Assert.NotEqual(one, Sample(2));

        int[] Sample(int seed) => new TextGenerator(model).Generate(Prompt, new GenerationOptions { Temperature = 1.5, Seed = seed, MaximumNewTokens = 40, StopTokenIds = [] });
    }

    [Fact]
    public void Generate_StopToken_EndsAndIsNotGivenOut()
    {
        using CausalLanguageModel model = TinyModels.Create();
        int[] free = new TextGenerator(model).Generate(Prompt, Options(40));
        Assert.Equal(40, free.Length);
        int stop = free.Distinct().ElementAt(2);
        int[] expected = free[..Array.IndexOf(free, stop)];
        Assert.Equal(expected, new TextGenerator(model).Generate(Prompt, new GenerationOptions { MaximumNewTokens = 40, StopTokenIds = [stop, 0] }));

        // config.json's end-of-sentence tokens where none are named.
        using CausalLanguageModel withEnd = CausalLanguageModel.Create(
            TinyModels.Config() with { EndOfSentenceTokenIds = [stop] }, 5, new ModelLoadOptions { DataType = model.DataType });
        Assert.Equal(expected, new TextGenerator(withEnd).Generate(Prompt, new GenerationOptions { MaximumNewTokens = 40 }));
        Assert.Equal(free, new TextGenerator(withEnd).Generate(Prompt, Options(40)));
    }

    [Fact]
    public void Generate_MinimumNewTokens_KeepsStopTokensAwayUntilThen()
    {
        using CausalLanguageModel model = TinyModels.Create();
        int[] free = new TextGenerator(model).Generate(Prompt, Options(12));
        int stop = free[0];
        Assert.Empty(new TextGenerator(model).Generate(Prompt, new GenerationOptions { MaximumNewTokens = 12, StopTokenIds = [stop] }));
        foreach (int minimum in new[] { 1, 3, 12 })
        {
            int[] made = new TextGenerator(model).Generate(Prompt, new GenerationOptions { MaximumNewTokens = 12, MinimumNewTokens = minimum, StopTokenIds = [stop, 9999] });
            Assert.InRange(made.Length, minimum, 12);
            Assert.DoesNotContain(stop, made);
            // What else is to be kept away then.
            int other = made[0];
            made = new TextGenerator(model).Generate(Prompt, new GenerationOptions { MaximumNewTokens = 12, MinimumNewTokens = minimum, StopTokenIds = [stop], AlsoMaskedUntilMinimum = [other] });
            Assert.DoesNotContain(other, made[..minimum]);
        }
    }

    [Fact]
    public void Generate_FrequencyAndPresencePenalties_CountTheOutputAlone()
    {
        using CausalLanguageModel model = TinyModels.Create();
        List<int> tokens = [.. Prompt];
        var counts = new Dictionary<int, int>();
        for (int i = 0; i < 40; i++)
        {
            double[] last = TinyModels.Logits(model, PackedBatch.CreatePrompt(tokens.ToArray()))[^TinyModels.Vocabulary..];
            foreach ((int token, int count) in counts) last[token] -= (count * 0.5) + 1.25;
            tokens.Add(Array.IndexOf(last, last.Max()));
            counts[tokens[^1]] = counts.GetValueOrDefault(tokens[^1]) + 1;
        }

        var options = new GenerationOptions { MaximumNewTokens = 40, StopTokenIds = [], FrequencyPenalty = 0.5, PresencePenalty = 1.25 };
        Assert.Equal(tokens[Prompt.Length..], new TextGenerator(model).Generate(Prompt, options));
        Assert.NotEqual(tokens[Prompt.Length..], new TextGenerator(model).Generate(Prompt, Options(40)));
    }

    [Fact]
    public void Stream_GivesTokensAsTheyCome()
    {
        using CausalLanguageModel model = TinyModels.Create();
        int[] all = new TextGenerator(model).Generate(Prompt, Options(20));
        Assert.Equal(all[..5], new TextGenerator(model).Stream(Prompt, Options(20)).Take(5));
        Assert.Single(new TextGenerator(model).Generate(Prompt, Options(1)));
    }

    [Fact]
    public void Generate_BadPrompt_IsRefusedByName()
    {
        using CausalLanguageModel model = TinyModels.Create();
        var generator = new TextGenerator(model);
        Assert.Throws<ArgumentException>("prompt", () => generator.Generate([]));
        ArgumentException e = Assert.Throws<ArgumentException>("prompt", () => generator.Generate([3, TinyModels.Vocabulary]));
        Assert.Contains("Token 1 of the prompt is 48", e.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("prompt", () => generator.Stream(new[] { -1 }));
        Assert.Throws<ArgumentNullException>("model", () => new TextGenerator(null!));
    }

    [Fact]
    public void Generate_WeightsThatAreNaN_SaysSo()
    {
        using CausalLanguageModel model = TinyModels.Create();
        TinyModels.SetValue(model.Parameters["model.norm.weight"], 0, double.NaN);
        foreach (double temperature in new[] { 0, 1.0 })
        {
            InvalidOperationException e = Assert.Throws<InvalidOperationException>(
                () => new TextGenerator(model).Generate(Prompt, new GenerationOptions { Temperature = temperature }));
            Assert.Contains("NaN", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Generate_Cancelled_Ends()
    {
        using CausalLanguageModel model = TinyModels.Create();
        Assert.Throws<OperationCanceledException>(() => new TextGenerator(model).Generate(Prompt, Options(9), new CancellationToken(true)));

        using var cancellation = new CancellationTokenSource();
        var seen = new List<int>();
        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (int token in new TextGenerator(model).Stream(Prompt, Options(9), cancellation.Token))
            {
                seen.Add(token);
                if (seen.Count == 3) cancellation.Cancel();
            }
        });
        Assert.Equal(3, seen.Count);
    }

    [Fact]
    public void Generate_CancelledInThePrompt_EndsBeforeTheNextChunk()
    {
        using var cancellation = new CancellationTokenSource();
        var kernel = new Training.KernelWithEvents { BeforeCall = call => { if (call == 3) cancellation.Cancel(); } };
        using CausalLanguageModel model = CausalLanguageModel.Create(TinyModels.Config(), 5, new ModelLoadOptions { AttentionKernel = kernel });
        Assert.Throws<OperationCanceledException>(() => new TextGenerator(model).Generate(Prompt, Options(9, chunk: 1), cancellation.Token));
        Assert.Equal(4, kernel.Calls); // both layers of the second chunk, and no more
    }

    [Fact]
    public void GenerateText_BeginsWithTheConfigsToken()
    {
        string[] words = [.. Enumerable.Range(0, TinyModels.Vocabulary).Select(i => i switch { 0 => "<unk>", 1 => "<s>", 2 => "</s>", _ => "w" + i })];
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.CreateWordLevel(words, "<unk>", "<s>", "</s>");
        using CausalLanguageModel model = TinyModels.Create();
        int[] expected = new TextGenerator(model).Generate([1, 5, 9, 7], Options(8));
        // The space before the first new word belongs to what follows: prompt and continuation make the whole.
        Assert.Equal(" " + tokenizer.Decode(expected), new TextGenerator(model).GenerateText(tokenizer, "w5 w9 w7", Options(8)));
        Assert.Throws<ArgumentNullException>("tokenizer", () => new TextGenerator(model).GenerateText(null!, "w5"));
        Assert.Throws<ArgumentNullException>("prompt", () => new TextGenerator(model).GenerateText(tokenizer, null!));
    }

    private static GenerationOptions Options(int tokens, int chunk = 2048) => new() { MaximumNewTokens = tokens, PrefillChunkTokens = chunk, StopTokenIds = [] };
}
