using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Strategies.Cutting;
using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation.Runs;

/// <summary>One item's way to the model: strategy, truncation, request; and what it took.</summary>
internal sealed class ItemSession(EvaluationModel model, IContextStrategy strategy, RequestSender sender, TimeProvider time) : IModelSession
{
    private readonly Lock state = new();
    private readonly Dictionary<string, double> strategyDetails = [];
    private int requests;
    private long inputTokens, outputTokens;
    private TimeSpan duration;
    private decimal cost;
    private bool costIsKnown = true, truncated;
    private string? prompt;
    private ModelResponse? answer;

    public EvaluationModel Model => model;

    public async ValueTask<ModelResponse> AskAsync(EvaluationPrompt prompt, AnswerSettings settings, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(settings);
        int? most = MaximumPromptTokens(model, prompt, settings);
        // A limit of the benchmark's own is one for strategies too: what they bring beyond it would be cut off again.
        if (prompt.Truncation.Limit is { } limit) most = Math.Min(limit, most ?? limit);
        StrategySession inner = new(this);
        WaitingTime waiting = WaitingTime.Begin();
        long start = time.GetTimestamp();
        PreparedPrompt prepared = await strategy.PrepareAsync(prompt, new StrategyContext { Session = inner, MaximumPromptTokens = most }, cancellationToken).ConfigureAwait(false);
        // What the strategy asked is counted as requests are, without waiting.
        TimeSpan preparing = waiting.Without(time.GetElapsedTime(start) - inner.Waited);
        lock (state)
        {
            if (prepared.Cost is { } spent) cost += spent;
            else costIsKnown = false;
            if (preparing > TimeSpan.Zero) duration += preparing;
            foreach ((string name, double value) in prepared.Details) strategyDetails[name] = value;
        }

        EvaluationPrompt fitted = Fit(model, prepared.Prompt, settings, out bool isCut);
        ModelRequest request = new(model, fitted, settings);
        lock (state)
        {
            truncated |= isCut;
            this.prompt = fitted.Text + fitted.AnswerPrefix;
            answer = null;
        }

        ModelResponse response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
        lock (state) answer = response;
        return response;
    }

    public ValueTask<ModelResponse> AskOtherAsync(EvaluationModel other, EvaluationPrompt prompt, AnswerSettings settings, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(other);
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(settings);
        return AskOtherAsync(other, prompt, settings, isOfAnother: other.Name != model.Name, cancellationToken);
    }

    /// <param name="other">Who is asked.</param>
    /// <param name="prompt">What to ask.</param>
    /// <param name="settings">How the answer is generated.</param>
    /// <param name="isOfAnother">Whether a prompt that is too long says nothing about the item's own length.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    private async ValueTask<ModelResponse> AskOtherAsync(EvaluationModel other, EvaluationPrompt prompt, AnswerSettings settings, bool isOfAnother, CancellationToken cancellationToken)
    {
        try
        {
            return await SendAsync(new ModelRequest(other, Fit(other, prompt, settings, out _), settings), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException && sender.Classify(exception) == FaultKind.TooLong)
        {
            // Also where the server says so, in words of its own: those who ask judges and re-rankers know one type.
            throw new PromptTooLongException($"A prompt does not fit into '{other.Name}': {exception.Message}", exception) { IsOfAnother = isOfAnother };
        }
    }

    /// <summary>A result with everything that is known here.</summary>
    public ItemResult Complete(ItemResult result, ItemScore? score, int? promptCharacters)
    {
        lock (state)
        {
            Dictionary<string, double> details = new(strategyDetails);
            foreach ((string name, double value) in score?.Details ?? result.Details) details[name] = value;
            return result with
            {
                Score = score?.Value,
                Judged = score?.Judged,
                Details = details.Count == 0 ? result.Details : details,
                Prompt = PromptShortening.Shorten(prompt, promptCharacters),
                PromptCharacters = prompt?.Length,
                Answer = answer?.Text,
                FinishReason = answer?.FinishReason,
                OnlyReasoning = answer?.OnlyReasoning ?? false,
                Requests = requests,
                InputTokens = inputTokens,
                OutputTokens = outputTokens,
                Duration = duration,
                Cost = costIsKnown && (requests > 0 || model.Price is not null) ? cost : null,
                Truncated = truncated,
            };
        }
    }

    public static int? MaximumPromptTokens(EvaluationModel model, EvaluationPrompt prompt, AnswerSettings settings)
    {
        if (model.ContextLength is not { } window) return null;
        int around = settings.MaximumNewTokens + model.TemplateTokens;
        if (prompt.AnswerPrefix.Length > 0) around += model.Tokenizer.CountTokens(prompt.AnswerPrefix);
        if (prompt.System is { Length: > 0 } system) around += model.Tokenizer.CountTokens(system);
        return window > around ? window - around : throw new PromptTooLongException($"{around} tokens are taken by the answer and what stands around the prompt, but the model has {window}.");
    }

    /// <summary>The prompt as the model is asked it, or one that is cut.</summary>
    public static EvaluationPrompt Fit(EvaluationModel model, EvaluationPrompt prompt, AnswerSettings settings, out bool isCut)
    {
        isCut = false;
        int? window = MaximumPromptTokens(model, prompt, settings);
        // A limit of the benchmark's own holds for a model of unknown window too.
        if (window is null && prompt.Truncation is not LimitedTruncation) return prompt;
        // The beginning of the answer counted by itself may have a token more than as part of the text.
        if (window is not null && prompt.AnswerPrefix.Length > 0 && prompt.Truncation is not LimitedTruncation
            && model.Tokenizer.CountTokens(prompt.Text + prompt.AnswerPrefix) <= window + model.Tokenizer.CountTokens(prompt.AnswerPrefix)) return prompt;
        int most = window ?? int.MaxValue;
        EvaluationPrompt fitted = prompt.Truncation.Fit(prompt, model.Tokenizer, most);
        isCut = !ReferenceEquals(fitted, prompt);
        return fitted;
    }

    private async ValueTask<ModelResponse> SendAsync(ModelRequest request, CancellationToken cancellationToken)
    {
        try
        {
            ModelResponse response = await sender.AskAsync(request, cancellationToken).ConfigureAwait(false);
            Count(request.Model, response);
            return response;
        }
        catch (FilteredAnswerException held)
        {
            Count(request.Model, held.Response);
            throw;
        }
    }

    private void Count(EvaluationModel asked, ModelResponse response)
    {
        lock (state)
        {
            requests++;
            inputTokens += response.InputTokens;
            outputTokens += response.OutputTokens;
            duration += response.Duration;
            if (asked.Price is { } price) cost += price.Of(response.InputTokens, response.OutputTokens);
            else costIsKnown = false;
        }
    }

    /// <summary>What a strategy asks through: its own requests go to the model as they are.</summary>
    private sealed class StrategySession(ItemSession outer) : IModelSession
    {
        private readonly Lock state = new();
        private int waiting;
        private long since;

        public EvaluationModel Model => outer.Model;

        /// <summary>Time in which at least one request was on its way; many may be at once.</summary>
        public TimeSpan Waited { get; private set; }

        public ValueTask<ModelResponse> AskAsync(EvaluationPrompt prompt, AnswerSettings settings, CancellationToken cancellationToken = default) =>
            AskOtherAsync(Model, prompt, settings, cancellationToken);

        public async ValueTask<ModelResponse> AskOtherAsync(EvaluationModel other, EvaluationPrompt prompt, AnswerSettings settings, CancellationToken cancellationToken = default)
        {
            lock (state)
            {
                if (waiting++ == 0) since = outer.Time.GetTimestamp();
            }

            try
            {
                return await outer.AskOtherAsync(other, prompt, settings, isOfAnother: true, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                lock (state)
                {
                    if (--waiting == 0) Waited += outer.Time.GetElapsedTime(since);
                }
            }
        }
    }

    private TimeProvider Time => time;
}
