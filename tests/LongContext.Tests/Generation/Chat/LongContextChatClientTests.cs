using System.Text;
using LongContext.Adapters;
using LongContext.Chat;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Tensors;
using LongContext.TestSupport;
using LongContext.Tests.Training;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;
using Microsoft.ML.Tokenizers;

namespace LongContext.Tests.Generation.Chat;

public sealed class LongContextChatClientTests
{
    private static readonly ChatMessage[] Hello = [new(ChatRole.User, "Hello there")];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Response_StreamedOrWhole_IsWhatTheGeneratorMakesOfTheTemplatesText(float temperature)
    {
        using CausalLanguageModel model = ChatModels.Model();
        using var client = new LongContextChatClient(model, ChatModels.Tokenizer, ChatModels.Format, new LongContextChatClientOptions { ModelId = "tiny" });
        int[] prompt = [.. ChatModels.Tokenizer.EncodeToIds(ChatModels.Format.Render([ChatTurn.User("Hello there")], new ChatRenderOptions { AddGenerationPrompt = true }).Text)];
        int[] made = new TextGenerator(model).Generate(prompt, new GenerationOptions { MaximumNewTokens = 60, Temperature = temperature, Seed = 3, StopTokenIds = [ChatModels.EndOfTurn, 259] });
        var options = new ChatOptions { MaxOutputTokens = 60, Temperature = temperature, Seed = 3 };

        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(Hello, options, Token)) updates.Add(update);
        ChatResponse streamed = updates.ToChatResponse(), whole = await client.GetResponseAsync(Hello, options, Token);

        // At the limit the tokens of a character that is not whole are no text.
        Assert.Equal(ChatModels.Tokenizer.Decode(made, skipSpecialTokens: true).TrimEnd('\uFFFD'), whole.Text.TrimEnd('\uFFFD'));
        Assert.Equal(whole.Text, streamed.Text);
        Assert.True(updates.Count > 5, "the text came in one piece");
        foreach (ChatResponse response in new[] { streamed, whole })
        {
            Assert.Equal((prompt.Length, made.Length, prompt.Length + made.Length), (response.Usage!.InputTokenCount, response.Usage.OutputTokenCount, response.Usage.TotalTokenCount));
            Assert.Equal(made.Length == 60 ? ChatFinishReason.Length : ChatFinishReason.Stop, response.FinishReason);
            Assert.Equal("tiny", response.ModelId);
            Assert.NotNull(response.ResponseId);
            Assert.NotNull(response.CreatedAt);
            Assert.Equal(ChatRole.Assistant, Assert.Single(response.Messages).Role);
        }

        Assert.Single(updates.Select(update => update.ResponseId).Distinct());
        Assert.All(updates[..^1], update => Assert.Null(update.FinishReason));
        Assert.NotEqual(streamed.ResponseId, whole.ResponseId);
    }

    [Fact]
    public async Task Response_LimitWithinACharacter_HasNoMarkOfADamagedOne()
    {
        using CausalLanguageModel model = ChatModels.Model();
        int[] tokens = [.. ChatModels.Bytes("yes é")];
        using var client = ChatModels.Scripted(model, new ScriptedGenerator(tokens[..^1]), format: ChatModels.Format);
        ChatResponse cut = await client.GetResponseAsync(Hello, new ChatOptions { MaxOutputTokens = tokens.Length - 1 }, Token);
        Assert.Equal(("yes ", ChatFinishReason.Length), (cut.Text, cut.FinishReason));
        // A model that ends by itself in the middle of a character has said something damaged.
        using var ended = ChatModels.Scripted(model, new ScriptedGenerator([.. tokens[..^1], ChatModels.EndOfTurn]), format: ChatModels.Format);
        Assert.Equal("yes \uFFFD", (await ended.GetResponseAsync(Hello, null, Token)).Text);
    }

    [Fact]
    public async Task Dispose_WhileTextIsScored_EndsItAndThenTheModelThatItOwns()
    {
        CausalLanguageModel model = ChatModels.Model();
        var client = new LongContextChatClient(model, ChatModels.Tokenizer, ChatModels.Format, new LongContextChatClientOptions { OwnsModel = true });
        IDisposable pass = await ModelGate.Of(model).EnterAsync(Token);
        Task<IReadOnlyList<float>> queued = client.Scorer.LogProbabilitiesAsync((int[])[3, 4, 5], 1, Token).AsTask();
        client.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => queued);
        pass.Dispose();
        Assert.Throws<ObjectDisposedException>(() => new TextGenerator(model).Generate([3]));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await client.Scorer.LogProbabilitiesAsync((int[])[3, 4, 5], 1, Token));

        // One that the model has begun with is waited for.
        CausalLanguageModel other = ChatModels.Model();
        var running = new LongContextChatClient(other, ChatModels.Tokenizer, ChatModels.Format, new LongContextChatClientOptions { OwnsModel = true, AllowsBeyondContext = true });
        Task<IReadOnlyList<float>>[] all = [.. Enumerable.Range(0, 6).Select(_ => Task.Run(() => running.Scorer.LogProbabilitiesAsync(Enumerable.Repeat(7, 400).ToArray(), 1, Token).AsTask()))];
        await all[0];
        running.Dispose();
        foreach (Task<IReadOnlyList<float>> each in all)
        {
            try
            {
                Assert.Equal(399, (await each).Count);
            }
            catch (ObjectDisposedException e)
            {
                Assert.Contains(nameof(LongContextChatClient), e.ObjectName, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Response_StopToken_EndsTheAnswerAndIsNotCounted()
    {
        using CausalLanguageModel model = ChatModels.Model();
        using var client = ChatModels.Scripted(model, new ScriptedGenerator([.. ChatModels.Bytes("yes"), ChatModels.EndOfTurn, 65]), format: ChatModels.Format);
        ChatResponse response = await client.GetResponseAsync(Hello, null, Token);
        Assert.Equal(("yes", ChatFinishReason.Stop, 3L), (response.Text, response.FinishReason, response.Usage!.OutputTokenCount));

        using var cut = ChatModels.Scripted(model, new ScriptedGenerator(ChatModels.Bytes("yes")), format: ChatModels.Format);
        response = await cut.GetResponseAsync(Hello, new ChatOptions { MaxOutputTokens = 2 }, Token);
        Assert.Equal(("ye", ChatFinishReason.Length, 2L), (response.Text, response.FinishReason, response.Usage!.OutputTokenCount));
        using var silent = ChatModels.Scripted(model, new ScriptedGenerator(), format: ChatModels.Format);
        response = await silent.GetResponseAsync(Hello, null, Token);
        Assert.Equal(("", ChatFinishReason.Stop, 0L), (response.Text, response.FinishReason, response.Usage!.OutputTokenCount));
    }

    [Fact]
    public async Task Stream_CharacterOverSeveralTokens_ComesWhole()
    {
        using CausalLanguageModel model = ChatModels.Model();
        using var client = ChatModels.Scripted(model, new ScriptedGenerator(ChatModels.Bytes("é😀\u200D中")));
        List<string> pieces = [];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(Hello, null, Token))
        {
            if (update.Text.Length > 0) pieces.Add(update.Text);
        }

        Assert.Equal(["é", "😀", "\u200D", "中"], pieces);
    }

    [Fact]
    public async Task Response_GoingOnWithText_KeepsTheBlankItBeginsWith()
    {
        string[] words = [.. Enumerable.Range(0, TinyModels.Vocabulary).Select(i => i switch { 0 => "<unk>", 1 => "<s>", 2 => "</s>", _ => "w" + i })];
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.CreateWordLevel(words, "<unk>", "<s>", "</s>");
        using CausalLanguageModel model = TinyModels.Create();
        using var client = new LongContextChatClient(model, tokenizer);
        var options = new GenerationOptions { MaximumNewTokens = 8, StopTokenIds = [2] };
        ChatResponse response = await client.GetResponseAsync("w5 w9 w7", new ChatOptions { MaxOutputTokens = 8 }, Token);
        Assert.StartsWith(" w", response.Text, StringComparison.Ordinal);
        Assert.Equal(new TextGenerator(model).GenerateText(tokenizer, "w5 w9 w7", options), response.Text);
    }

    [Fact]
    public async Task Response_PastTheWindowsEnd_EndsThereForWantOfLength()
    {
        using CausalLanguageModel model = ChatModels.Model(window: 32);
        using var client = new LongContextChatClient(model, ChatModels.Tokenizer, null, new LongContextChatClientOptions { Generation = new GenerationOptions { StopTokenIds = [] } });
        ChatResponse response = await client.GetResponseAsync("twenty characters, ok", null, Token);
        Assert.Equal((ChatFinishReason.Length, 32L), (response.FinishReason, response.Usage!.TotalTokenCount));
    }

    [Fact]
    public async Task Response_CancelledInThePrompt_EndsBeforeTheNextChunkAndFreesTheModel()
    {
        using var cancellation = new CancellationTokenSource();
        var kernel = new KernelWithEvents { BeforeCall = call => { if (call == 3) cancellation.Cancel(); } };
        using CausalLanguageModel model = ChatModels.Model(options: new ModelLoadOptions { AttentionKernel = kernel });
        using var client = new LongContextChatClient(model, ChatModels.Tokenizer, null, new LongContextChatClientOptions { Generation = new GenerationOptions { PrefillChunkTokens = 2 } });
        OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetResponseAsync(Hello, null, cancellation.Token));
        Assert.Equal(cancellation.Token, e.CancellationToken);
        Assert.Equal(4, kernel.Calls); // both layers of the second chunk, and no more
        Assert.NotNull(await client.GetResponseAsync(Hello, new ChatOptions { MaxOutputTokens = 2 }, Token));
    }

    [Fact]
    public async Task Stream_CancelledOrAbandonedAmongTokens_EndsAndFreesTheModel()
    {
        using CausalLanguageModel model = ChatModels.Model();
        using var client = new LongContextChatClient(model, ChatModels.Tokenizer, null, new LongContextChatClientOptions { Generation = new GenerationOptions { StopTokenIds = [] } });
        using var cancellation = new CancellationTokenSource();
        int pieces = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync(Hello, null, cancellation.Token))
            {
                if (++pieces == 3) cancellation.Cancel();
            }
        });
        Assert.Equal(3, pieces);

        await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync(Hello, null, Token)) break;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetResponseAsync(Hello, null, new CancellationToken(true)));
        Assert.NotNull(await client.GetResponseAsync(Hello, new ChatOptions { MaxOutputTokens = 2 }, Token));
    }

    [Fact]
    public async Task Requests_OfManyCallers_AreServedInTheirOrderAndMayLeaveTheQueue()
    {
        using CausalLanguageModel model = ChatModels.Model();
        using var client = new LongContextChatClient(model, ChatModels.Tokenizer);
        using var other = new LongContextChatClient(model, ChatModels.Tokenizer); // the same model: the same queue
        var options = new ChatOptions { MaxOutputTokens = 2 };
        IAsyncEnumerator<ChatResponseUpdate> first = client.GetStreamingResponseAsync(Hello, options, Token).GetAsyncEnumerator(Token);
        await first.MoveNextAsync(); // has the model

        using var impatient = new CancellationTokenSource();
        List<int> served = [];
        List<Task> waiting = [];
        for (int i = 0; i < 6; i++)
        {
            int number = i;
            LongContextChatClient asked = i % 2 == 0 ? client : other;
            waiting.Add(i == 5 ? asked.Scorer.LogProbabilitiesAsync(new[] { 3, 4, 5 }, 1, Token).AsTask().ContinueWith(_ => Note(number), Token, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)
                : Ask(asked, number, i == 2 ? impatient.Token : Token));
            while (ModelGate.Of(model).Waiting <= i) await Task.Delay(1, Token); // each in the queue before the next comes
        }

        Assert.Empty(served);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting[2]);
        await first.DisposeAsync();
        await Task.WhenAll(waiting.Where((_, i) => i != 2));
        Assert.Equal([0, 1, 3, 4, 5], served);

        async Task Ask(LongContextChatClient asked, int number, CancellationToken token)
        {
            // Its first piece comes while it has the model; when its last is read, another may have come to its end already.
            bool isFirst = true;
            await foreach (ChatResponseUpdate _ in asked.GetStreamingResponseAsync(Hello, options, token))
            {
                if (isFirst) Note(number);
                isFirst = false;
            }
        }

        void Note(int number)
        {
            lock (served) served.Add(number);
        }
    }

    [Fact]
    public void Response_WaitedForUnderAContextThatRunsNothing_Comes()
    {
        using CausalLanguageModel model = ChatModels.Model();
        using var client = new LongContextChatClient(model, ChatModels.Tokenizer, ChatModels.Format);
        string? text = null;
        var thread = new Thread(() =>
        {
            // A window's thread that waits for the answer runs none of what is posted to it.
            SynchronizationContext.SetSynchronizationContext(new Deaf());
#pragma warning disable xUnit1031 // That it can be waited for is what is tested.
            text = client.GetResponseAsync(Hello, new ChatOptions { MaxOutputTokens = 3 }, CancellationToken.None).GetAwaiter().GetResult().Text;
            client.Scorer.LogProbabilitiesAsync(new[] { 3, 4 }, 1, CancellationToken.None).AsTask().GetAwaiter().GetResult();
#pragma warning restore xUnit1031
        });
        thread.Start();
        Assert.True(thread.Join(TimeSpan.FromMinutes(2)), "the answer waits for a thread that waits for it");
        Assert.NotNull(text);
    }

    [Fact]
    public async Task Seed_OfARequest_DecidesTheDrawsAndElseTheNumberOfTheRequest()
    {
        using CausalLanguageModel model = ChatModels.Model();
        var options = new ChatOptions { MaxOutputTokens = 30, Temperature = 2 };
        string[] first = await Draws(0), again = await Draws(0), others = await Draws(1);
        Assert.Equal(first, again);
        Assert.Equal(3, first.Distinct().Count());
        Assert.Empty(first.Intersect(others));

        async Task<string[]> Draws(int seed)
        {
            using var client = new LongContextChatClient(model, ChatModels.Tokenizer, null, new LongContextChatClientOptions { Generation = new GenerationOptions { Seed = seed } });
            List<string> texts = [];
            for (int i = 0; i < 3; i++) texts.Add((await client.GetResponseAsync(Hello, options, Token)).Text);
            return [.. texts];
        }
    }

    [Fact]
    public void GetService_OfTheClient_GivesItsParts()
    {
        using CausalLanguageModel model = ChatModels.Model();
        using var client = new LongContextChatClient(model, ChatModels.Tokenizer, ChatModels.Format);
        Assert.Same(model, client.GetService<CausalLanguageModel>());
        Assert.Same(ChatModels.Tokenizer, client.GetService<Tokenizer>());
        Assert.Same(ChatModels.Format, client.GetService<ChatFormat>());
        Assert.Same(client.Scorer, client.GetService<ITokenScorer>());
        Assert.Same(client.Scorer, client.GetService<ISharedPrefixScorer>());
        Assert.Same(client, client.GetService<IPromptRenderer>());
        Assert.Same(client, client.GetService<IChatClient>());
        Assert.Equal(("longcontext", "llama"), (client.GetService<ChatClientMetadata>()!.ProviderName, client.GetService<ChatClientMetadata>()!.DefaultModelId));
        Assert.Null(client.GetService(typeof(Tokenizer), "other"));
        Assert.Null(client.GetService<Encoding>());
    }

    [Fact]
    public void ToEvaluationModel_OfTheClient_ReservesWhatTheTemplateNeeds()
    {
        using CausalLanguageModel model = ChatModels.Model();
        using var client = new LongContextChatClient(model, ChatModels.Tokenizer, ChatModels.Format);
        EvaluationModel found = client.ToEvaluationModel("mine");
        Assert.Equal(("mine", ChatModels.Window, true), (found.Name, found.ContextLength, found.ContinuesAnswers));
        Assert.Same(client.Scorer, found.Scorer);
        string around = ChatModels.Format.Render([ChatTurn.System(""), ChatTurn.User("")], new ChatRenderOptions { AddGenerationPrompt = true }).Text;
        Assert.InRange(found.TemplateTokens, ChatModels.Tokenizer.CountTokens(around), ChatModels.Tokenizer.CountTokens(around) + 8);
        Assert.Equal("llama", client.ToEvaluationModel().Name);

        // A model for dynamic NTK states its trained window.
        using CausalLanguageModel dynamic = TinyModels.Create(LongContext.Positions.RopeScaling.DynamicNtk(8));
        using var longer = new LongContextChatClient(dynamic, ChatModels.Tokenizer);
        Assert.Equal(8 * TinyModels.TrainedWindow, longer.ToEvaluationModel().ContextLength);
        using var free = new LongContextChatClient(dynamic, ChatModels.Tokenizer, null, new LongContextChatClientOptions { AllowsBeyondContext = true });
        Assert.Null(free.ToEvaluationModel().ContextLength);
        Assert.Null(free.Scorer.ContextLength);
    }

    [Fact]
    public void ToEvaluationModel_WeightsOrAdapterChanged_HasAnotherIdentity()
    {
        using CausalLanguageModel model = ChatModels.Model(), same = ChatModels.Model();
        using var client = new LongContextChatClient(model, ChatModels.Tokenizer, ChatModels.Format);
        using var other = new LongContextChatClient(same, ChatModels.Tokenizer, ChatModels.Format);
        string before = client.ToEvaluationModel().Identity!;
        Assert.Equal(before, client.ToEvaluationModel("named").Identity);
        Assert.Equal(before, other.ToEvaluationModel().Identity);
        Assert.Equal(1, client.ToEvaluationModel().RequestsAtOnce);
        List<string> seen = [before];
        void Changed()
        {
            string now = client.ToEvaluationModel().Identity!;
            Assert.DoesNotContain(now, seen);
            seen.Add(now);
        }

        foreach (string name in model.Parameters.Keys.Take(3))
        {
            model.Parameters[name].MultiplyInPlace(1.01);
            Changed();
        }

        LoraAdapter adapter = model.AddAdapter(new LoraOptions { Rank = 2 }, seed: 1);
        Changed();
        adapter.Tensors.Values.Last().AddInPlace(0.01);
        Changed();
        model.MergeAdapter();
        Changed();
    }

    [Fact]
    public void ToEvaluationModel_OtherSettings_HaveAnotherIdentity()
    {
        using CausalLanguageModel model = ChatModels.Model();
        string Identity(GenerationOptions? generation = null, ChatRenderOptions? rendering = null)
        {
            using var client = new LongContextChatClient(
                model, ChatModels.Tokenizer, ChatModels.Format, new LongContextChatClientOptions { Generation = generation ?? new GenerationOptions(), Rendering = rendering ?? new ChatRenderOptions() });
            return client.ToEvaluationModel().Identity!;
        }

        string[] all =
        [
            Identity(), Identity(new GenerationOptions { Temperature = 0.5 }), Identity(new GenerationOptions { TopK = 3 }), Identity(new GenerationOptions { TopP = 0.5 }),
            Identity(new GenerationOptions { MinP = 0.5 }), Identity(new GenerationOptions { RepetitionPenalty = 1.5 }), Identity(new GenerationOptions { FrequencyPenalty = 1 }),
            Identity(new GenerationOptions { PresencePenalty = 1 }), Identity(new GenerationOptions { MinimumNewTokens = 1 }), Identity(new GenerationOptions { Seed = 1 }),
            Identity(new GenerationOptions { StopTokenIds = [] }), Identity(new GenerationOptions { StopTokenIds = [3, 5] }), Identity(new GenerationOptions { RerotateCachedKeys = true }),
            Identity(new GenerationOptions { DropsContextAtOriginalWindow = true }), Identity(null, new ChatRenderOptions { EnableThinking = true }),
            Identity(null, new ChatRenderOptions { EnableThinking = false }), Identity(null, new ChatRenderOptions { Date = new DateOnly(2026, 1, 2) }),
        ];
        Assert.Distinct(all);
        Assert.Equal(all[11], Identity(new GenerationOptions { StopTokenIds = [5, 3, 5] }));
        // These say nothing about an answer of a run.
        Assert.Equal(all[0], Identity(new GenerationOptions { MaximumNewTokens = 7, PrefillChunkTokens = 16 }));
    }

    [Fact]
    public void GetService_OfTheModelToEvaluate_IsTheOneOfToEvaluationModel()
    {
        using CausalLanguageModel model = ChatModels.Model();
        using var client = new LongContextChatClient(model, ChatModels.Tokenizer, ChatModels.Format);
        EvaluationModel expected = client.ToEvaluationModel();
        Assert.Equal(expected, client.GetService(typeof(EvaluationModel)));
        Assert.Same(client, client.GetService(typeof(object)));
    }

    [Fact]
    public void Render_OfAPrompt_IsWhatTheModelReads()
    {
        using CausalLanguageModel model = ChatModels.Model();
        using var client = new LongContextChatClient(model, ChatModels.Tokenizer, ChatModels.Format);
        var prompt = new EvaluationPrompt { System = "Be short.", Before = "Read: ", Context = "text", After = "\nWhy?" };
        Assert.Equal(
            ChatModels.Format.Render([ChatTurn.System("Be short."), ChatTurn.User("Read: text\nWhy?")], new ChatRenderOptions { AddGenerationPrompt = true }).Text, client.Render(prompt));
        Assert.EndsWith("assistant\nBecause", client.Render(prompt with { AnswerPrefix = "Because" }), StringComparison.Ordinal);
        Assert.Equal("Be short.\n\nRead: text\nWhy?Because", client.Render(prompt with { AnswerPrefix = "Because", Style = PromptStyle.Completion }));
    }

    [Fact]
    public async Task Dispose_WhileARequestRuns_EndsItAndThenTheModelThatItOwns()
    {
        CausalLanguageModel model = ChatModels.Model();
        var client = new LongContextChatClient(model, ChatModels.Tokenizer, null, new LongContextChatClientOptions { OwnsModel = true, Generation = new GenerationOptions { StopTokenIds = [] } });
        IAsyncEnumerator<ChatResponseUpdate> stream = client.GetStreamingResponseAsync(Hello, null, Token).GetAsyncEnumerator(Token);
        await stream.MoveNextAsync();
        Task<ChatResponse> queued = client.GetResponseAsync(Hello, null, Token);
        client.Dispose();
        client.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => queued);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await stream.MoveNextAsync());
        await stream.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.GetResponseAsync(Hello, null, Token));
        // The queued request may still be read on another thread, though nobody waits for it any more.
        Assert.True(SpinWait.SpinUntil(() => Record.Exception(model.ThrowIfDisposed) is not null, TimeSpan.FromSeconds(60)));
        Assert.Throws<ObjectDisposedException>(() => new TextGenerator(model).Generate([3]));

        using CausalLanguageModel kept = ChatModels.Model();
        new LongContextChatClient(kept, ChatModels.Tokenizer).Dispose();
        Assert.NotEmpty(new TextGenerator(kept).Generate([3], new GenerationOptions { MaximumNewTokens = 1, StopTokenIds = [] }));
    }

    [Fact]
    public async Task Load_OfAFolder_FindsModelTokenizerAndTemplate()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string path = folder["my-model"];
        using (CausalLanguageModel model = ChatModels.Model()) model.Save(path);
        ChatModels.Write(path);
        using (LongContextChatClient client = LongContextChatClient.Load(path))
        {
            Assert.Equal(("my-model", null), (client.ModelId, client.ChatFormat));
            Assert.NotNull((await client.GetResponseAsync(Hello, new ChatOptions { MaxOutputTokens = 2 }, Token)).Text);
            CausalLanguageModel loaded = client.GetService<CausalLanguageModel>()!;
            client.Dispose();
            Assert.Throws<ObjectDisposedException>(() => new TextGenerator(loaded).Generate([3]));
        }

        using (LongContextChatClient client = LongContextChatClient.Load(path, new LongContextChatClientOptions { ChatFormat = ChatModels.Format }))
            Assert.Same(ChatModels.Format, client.ChatFormat);

        // A template that is not known is not passed over.
        await File.WriteAllTextAsync(Path.Combine(path, "chat_template.jinja"), "{{ messages[0].content | upper }}", Token);
        Assert.Contains("ChatFormat", Assert.Throws<NotSupportedException>(() => LongContextChatClient.Load(path)).Message, StringComparison.Ordinal);
        Assert.ThrowsAny<IOException>(() => LongContextChatClient.Load(folder["none"]));
        Assert.Throws<ArgumentException>(() => LongContextChatClient.Load(""));
    }

    private sealed class Deaf : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
        }
    }
}
