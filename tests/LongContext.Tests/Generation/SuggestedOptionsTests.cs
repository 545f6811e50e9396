using LongContext.Checkpoints;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Models;
using LongContext.TestSupport;
using LongContext.Tests.Generation.Chat;
using Microsoft.Extensions.AI;

namespace LongContext.Tests.Generation;

/// <summary>What generation_config.json of a model's folder does.</summary>
public sealed class SuggestedOptionsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void FromConfig_OfAModelThatDraws_IsWhatTheFileStates()
    {
        GenerationOptions options = Of("""{"do_sample":true,"temperature":0.7,"top_k":20,"top_p":0.8,"min_p":0.1,"typical_p":0.9,"repetition_penalty":1.05,"max_new_tokens":99,"min_new_tokens":2}""");
        Assert.Equal(
            new GenerationOptions { Temperature = 0.7, TopK = 20, TopP = 0.8, MinP = 0.1, TypicalP = 0.9, RepetitionPenalty = 1.05, MaximumNewTokens = 99, MinimumNewTokens = 2 },
            options with { BadWordIds = new GenerationOptions().BadWordIds });
        // What is not stated is not made up, but for the temperature of one who draws.
        Assert.Equal((1.0, null, null), (Of("""{"do_sample":true}""").Temperature, Of("""{"do_sample":true}""").TopK, Of("""{"do_sample":true}""").TopP));
        Assert.Equal((null, null, null, null), Filters(Of("""{"do_sample":true,"top_k":0,"top_p":1.0,"min_p":0.0,"typical_p":1.0,"no_repeat_ngram_size":0}""")));
        Assert.Equal((1, null, null, null), Filters(Of("""{"do_sample":true,"top_k":20,"top_p":0.0}""")));
    }

    [Theory]
    [InlineData("""{"temperature":0.6,"top_p":0.9,"top_k":50,"min_p":0.1,"typical_p":0.5,"repetition_penalty":1.1,"no_repeat_ngram_size":4}""")]
    [InlineData("""{"do_sample":false,"temperature":0.6,"top_p":0.0,"repetition_penalty":1.1,"no_repeat_ngram_size":4}""")]
    [InlineData("""{"do_sample":true,"temperature":0.0,"top_p":0.5,"repetition_penalty":1.1,"no_repeat_ngram_size":4}""")]
    public void FromConfig_WithoutDrawing_IsGreedyWithPenalties(string json)
    {
        GenerationOptions options = Of(json);
        Assert.Equal((0.0, (null, null, null, null)), (options.Temperature, Filters(options)));
        Assert.Equal((1.1, 4), (options.RepetitionPenalty, options.NoRepeatNGramSize));
    }

    [Fact]
    public void FromConfig_BannedTokens_AreNeverChosen()
    {
        GenerationOptions options = Of("""{"bad_words_ids":[[5],[6,7]],"suppress_tokens":[8,8,9],"min_new_tokens":300}""");
        Assert.Equal([[5], [6, 7]], options.BadWordIds);
        Assert.Equal(new Dictionary<int, double> { [8] = double.NegativeInfinity, [9] = double.NegativeInfinity }, options.LogitBias);
        Assert.Equal((300, 300), (options.MinimumNewTokens, options.MaximumNewTokens));
        options.Validate(10);
    }

    [Fact]
    public void FromFolder_WithoutAFile_IsTheDefaults()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Assert.Equal(new GenerationOptions(), GenerationOptions.FromFolder(folder.Path));
        File.WriteAllText(folder["generation_config.json"], """{"do_sample":true,"temperature":0.25}""");
        Assert.Equal((0.25, 7), (GenerationOptions.FromFolder(folder.Path).Temperature, (GenerationOptions.FromFolder(folder.Path) with { MaximumNewTokens = 7 }).MaximumNewTokens));
        Assert.Throws<DirectoryNotFoundException>(() => GenerationOptions.FromFolder(folder["nowhere"]));
    }

    [Fact]
    public async Task StopTokens_OfTheFile_EndTheAnswersOfAll()
    {
        using TemporaryFolder folder = Folder();
        int[] prompt = [1, 2, 3];
        int second;
        using (CausalLanguageModel plain = CausalLanguageModel.Load(folder.Path))
        {
            Assert.Null(plain.GenerationConfig);
            Assert.Equal([259], plain.StopTokenIds);
            second = new TextGenerator(plain).Generate(prompt, new GenerationOptions { MaximumNewTokens = 8 }, Token)[1];
        }

        File.WriteAllText(folder["generation_config.json"], $$"""{"eos_token_id":[259,{{second}}]}""");
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path);
        Assert.Equal([259, second], model.StopTokenIds);
        Assert.Equal([259], model.Config.EndOfSentenceTokenIds);
        int[] expected = new TextGenerator(model).Generate(prompt, new GenerationOptions { MaximumNewTokens = 8 }, Token);
        Assert.InRange(expected.Length, 0, 1);
        using (var engine = new GenerationEngine(model, new GenerationEngineOptions { CacheTokens = 256, Threads = 1 }))
        {
            GenerationResult result = await engine.GenerateAsync(new GenerationRequest { Prompt = prompt, Options = new GenerationOptions { MaximumNewTokens = 8 } }, Token);
            Assert.Equal(expected, result.Tokens);
            Assert.Equal(GenerationFinishReason.Stop, result.FinishReason);
        }

        // And of the chat client, with those of its format.
        var scripted = new ScriptedGenerator(ChatModels.Bytes("ok"));
        using LongContextChatClient client = ChatModels.Scripted(model, scripted, format: ChatModels.Format);
        await client.GetResponseAsync("x", cancellationToken: Token);
        Assert.Equal(new[] { ChatModels.EndOfTurn, 259, second }.Distinct().Order(), scripted.Asked.Single().Options.StopTokenIds!.Order());
        // Whoever names their own has these alone.
        Assert.Equal(8, new TextGenerator(model).Generate(prompt, new GenerationOptions { MaximumNewTokens = 8, StopTokenIds = [] }, Token).Length);
    }

    [Fact]
    public async Task Client_WithoutGeneration_TakesWhatTheFileSuggests()
    {
        using TemporaryFolder folder = Folder("""{"do_sample":true,"temperature":0.5,"top_k":7,"top_p":0.75,"repetition_penalty":1.25,"max_new_tokens":33}""");
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path);
        GenerationOptions asked = await Asked(model);
        Assert.Equal((0.5, 7, 0.75, 1.25, 33), (asked.Temperature, asked.TopK, asked.TopP, asked.RepetitionPenalty, asked.MaximumNewTokens));
        // A request's own values win, one by one.
        asked = await Asked(model, chat: new ChatOptions { Temperature = 0, MaxOutputTokens = 5, AdditionalProperties = new() { [ChatOptionKeys.RepetitionPenalty] = 1 } });
        Assert.Equal((0.0, 7, 0.75, 1.0, 5), (asked.Temperature, asked.TopK, asked.TopP, asked.RepetitionPenalty, asked.MaximumNewTokens));
        // Options that are given count as they are.
        asked = await Asked(model, new LongContextChatClientOptions { Generation = new GenerationOptions() });
        Assert.Equal((0.0, null, 1.0, 256), (asked.Temperature, asked.TopK, asked.RepetitionPenalty, asked.MaximumNewTokens));
        asked = await Asked(model, new LongContextChatClientOptions { Generation = GenerationOptions.FromFolder(folder.Path) with { MaximumNewTokens = 4 } });
        Assert.Equal((0.5, 4), (asked.Temperature, asked.MaximumNewTokens));
    }

    [Theory]
    [InlineData("""{"max_length":100}""", 100)]
    [InlineData("""{"max_length":3}""", null)]
    [InlineData("""{"max_length":100000}""", ChatModels.Window)]
    public async Task Client_MaximumLengthOfTheFile_EndsAnswersOfNoStatedLength(string json, int? end)
    {
        using TemporaryFolder folder = Folder(json);
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path);
        (int[] prompt, GenerationOptions asked) = await AskedWith(model);
        Assert.Equal(end is null ? 1 : end - prompt.Length, asked.MaximumNewTokens);
        Assert.Equal(2, (await Asked(model, chat: new ChatOptions { MaxOutputTokens = 2 })).MaximumNewTokens);
        Assert.Equal(256, (await Asked(model, new LongContextChatClientOptions { Generation = new GenerationOptions() })).MaximumNewTokens);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("""{"temperature":0.5}""")]
    public async Task Client_OfNoStatedLength_TakesWhatIsLeft(string? json)
    {
        using TemporaryFolder folder = Folder(json);
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path);
        (int[] prompt, GenerationOptions asked) = await AskedWith(model);
        Assert.Equal(ChatModels.Window - prompt.Length, asked.MaximumNewTokens);
        // The same by name, whatever the options say.
        Assert.Equal(asked.MaximumNewTokens, (await Asked(model, new LongContextChatClientOptions { Generation = new GenerationOptions() }, new ChatOptions { MaxOutputTokens = int.MaxValue })).MaximumNewTokens);
        // Memory bounds it, too.
        var scripted = new ScriptedGenerator(ChatModels.Bytes("o")) { MaximumTokens = prompt.Length + 40 };
        using LongContextChatClient client = ChatModels.Scripted(model, scripted);
        foreach (int? length in new int?[] { null, int.MaxValue }) await client.GetResponseAsync("x", new ChatOptions { MaxOutputTokens = length }, Token);
        Assert.Equal([40, 40], scripted.Asked.Select(each => each.Options.MaximumNewTokens));
        // Nothing bounds it: an answer ends all the same.
        Assert.Equal(256, (await Asked(model, new LongContextChatClientOptions { AllowsBeyondContext = true })).MaximumNewTokens);
    }

    [Fact]
    public async Task ToEvaluationModel_OfAModelWithSuggestions_TakesNoneAndKeepsItsIdentity()
    {
        using TemporaryFolder folder = Folder();
        string before = Identity(), stopped, sampled;
        File.WriteAllText(folder["generation_config.json"], """{"eos_token_id":[259,11]}""");
        stopped = Identity();
        File.WriteAllText(folder["generation_config.json"], """{"eos_token_id":[259,11],"do_sample":true,"temperature":0.5,"repetition_penalty":1.25}""");
        sampled = Identity();
        // Other stop tokens make other answers; suggestions that do not count make the same ones.
        Assert.NotEqual(before, stopped);
        Assert.Equal(stopped, sampled);

        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path);
        var scripted = new ScriptedGenerator(ChatModels.Bytes("ok"));
        LongContextChatClient client = ChatModels.Scripted(model, scripted);
        EvaluationModel evaluated = client.ToEvaluationModel();
        Assert.NotSame(client, evaluated.Client);
        Assert.Same(client.Scorer, evaluated.Scorer);
        await evaluated.Client.GetResponseAsync("x", new ChatOptions { Temperature = 1 }, Token);
        await client.GetResponseAsync("x", cancellationToken: Token);
        Assert.Equal((1.0, 1.0), (scripted.Asked[0].Options.Temperature, scripted.Asked[0].Options.RepetitionPenalty));
        Assert.Equal((0.5, 1.25), (scripted.Asked[1].Options.Temperature, scripted.Asked[1].Options.RepetitionPenalty));
        // It is asked for by name where that is what shall be measured.
        using LongContextChatClient named = ChatModels.Scripted(model, scripted, options: new LongContextChatClientOptions { Generation = GenerationOptions.FromFolder(folder.Path) });
        Assert.Same(named, named.ToEvaluationModel().Client);
        Assert.Contains("repetition penalty 1.25", named.ToEvaluationModel().Identity, StringComparison.Ordinal);
        client.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => evaluated.Client.GetResponseAsync("x", cancellationToken: Token));

        string Identity()
        {
            using CausalLanguageModel loaded = CausalLanguageModel.Load(folder.Path);
            using var each = new LongContextChatClient(loaded, ChatModels.Tokenizer, ChatModels.Format);
            return each.ToEvaluationModel("m").Identity!;
        }
    }

    [Fact]
    public void Load_WithADamagedFile_NamesIt()
    {
        using TemporaryFolder folder = Folder("""{"temperature":"warm"}""");
        CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => CausalLanguageModel.Load(folder.Path));
        Assert.Contains(folder["generation_config.json"], e.Message, StringComparison.Ordinal);
        Assert.Contains("temperature", e.Message, StringComparison.Ordinal);
    }

    private static GenerationOptions Of(string json) => GenerationOptions.FromConfig(GenerationConfig.Parse(json, "here"));

    private static (int?, double?, double?, double?) Filters(GenerationOptions options) => (options.TopK, options.TopP, options.MinP, options.TypicalP);

    private static async Task<GenerationOptions> Asked(CausalLanguageModel model, LongContextChatClientOptions? options = null, ChatOptions? chat = null) => (await AskedWith(model, options, chat)).Options;

    private static async Task<(int[] Prompt, GenerationOptions Options)> AskedWith(CausalLanguageModel model, LongContextChatClientOptions? options = null, ChatOptions? chat = null)
    {
        var scripted = new ScriptedGenerator(ChatModels.Bytes("o"));
        using LongContextChatClient client = ChatModels.Scripted(model, scripted, options: options);
        await client.GetResponseAsync("x", chat, Token);
        return scripted.Asked.Single();
    }

    private static TemporaryFolder Folder(string? json = null)
    {
        TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using (CausalLanguageModel model = ChatModels.Model()) model.Save(folder.Path);
        if (json is not null) File.WriteAllText(folder["generation_config.json"], json);
        return folder;
    }
}
