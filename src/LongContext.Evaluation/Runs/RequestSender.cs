using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.AI;
using Polly;
using Polly.Retry;

namespace LongContext.Evaluation.Runs;

/// <summary>Asks models: what is kept is not asked, what is being asked is waited for, what fails for a while is asked again.</summary>
internal sealed class RequestSender : IDisposable
{
    // More than any model says at a time: a server that repeats itself for ever must not fill the memory.
    private const int MostCharacters = 1 << 25, MostPieces = 1 << 22;

    // Counts beyond this are none: no window holds as much.
    private const long MostTokens = 1L << 30;

    private static readonly TimeSpan LongestListening = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDraining = TimeSpan.FromSeconds(10);
    private static readonly ResiliencePropertyKey<ModelRequest> RequestKey = new("longcontext.request");
    private static readonly ResiliencePropertyKey<int> TriesKey = new("longcontext.tries");

    private readonly EvaluationRunOptions options;
    private readonly ResponseStore store;
    private readonly RequestCounters counters;
    private readonly CancellationToken runEnds;
    private readonly TimeProvider time;
    private readonly ResiliencePipeline<ModelResponse> pipeline;
    private readonly ConcurrentDictionary<string, ModelGate> gates = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<UInt128, Lazy<Task<ModelResponse>>> inFlight = new();

    public RequestSender(EvaluationRunOptions options, ResponseStore store, RequestCounters counters, CancellationToken runEnds)
    {
        this.options = options;
        this.store = store;
        this.counters = counters;
        this.runEnds = runEnds;
        time = options.TimeProvider;
        ResiliencePipelineBuilder<ModelResponse> builder = new() { TimeProvider = time };
        if (options.MaximumTries > 1)
        {
            builder.AddRetry(new RetryStrategyOptions<ModelResponse>
            {
                MaxRetryAttempts = options.MaximumTries - 1,
                ShouldHandle = arguments => ValueTask.FromResult(ShouldTryAgain(arguments)),
                DelayGenerator = arguments => ValueTask.FromResult<TimeSpan?>(
                    RetryWaits.Of(options, Request(arguments.Context).Key, arguments.AttemptNumber, RetryAfter(arguments.Outcome.Exception!))),
                OnRetry = arguments =>
                {
                    ModelRequest request = Request(arguments.Context);
                    counters.Retried();
                    RunTelemetry.Retries.Add(1, new KeyValuePair<string, object?>("model", request.Model.Name));
                    return ValueTask.CompletedTask;
                },
            });
        }

        pipeline = builder.Build();
    }

    /// <summary>The way to a model, the same for all of its name.</summary>
    public ModelGate Gate(EvaluationModel model) => gates.GetOrAdd(model.Name, static (_, given) => new ModelGate(given.model, given.options), (model, options));

    /// <summary>Why models are not asked any more, judges and re-rankers included.</summary>
    public IEnumerable<string> Stopped => gates.OrderBy(gate => gate.Key, StringComparer.Ordinal).Select(gate => gate.Value.Stopped).OfType<string>();

    /// <summary>Gives every model that is not asked any more another chance.</summary>
    public void Resume(int most)
    {
        foreach (ModelGate gate in gates.Values) gate.Resume(most);
    }

    public async Task<ModelResponse> AskAsync(ModelRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Kept(request) is { } kept)
        {
            counters.Reused();
            return kept;
        }

        Lazy<Task<ModelResponse>> mine = new(() => Task.Run(() => SendAndKeepAsync(request), CancellationToken.None));
        Lazy<Task<ModelResponse>> shared = inFlight.GetOrAdd(request.Key, mine);
        ModelResponse response = await shared.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (ReferenceEquals(shared, mine)) return response;
        counters.Reused();
        return response with { FromCache = true };
    }

    public FaultKind Classify(Exception exception) => RequestFaults.Classify(exception, options.IsTransient);

    /// <summary>Waits until nothing is asked any more, so that the last answers are kept; not for ever, as there are clients that cannot be cancelled.</summary>
    public async Task DrainAsync()
    {
        Task all = Task.WhenAll(inFlight.Values.Select(each => each.Value));
        await Task.WhenAny(all, Task.Delay(LongestDraining)).ConfigureAwait(false);
    }

    public void Dispose()
    {
        foreach (ModelGate gate in gates.Values) gate.Dispose();
    }

    /// <summary>Earlier runs kept answers that a filter had held back; they are none.</summary>
    private ModelResponse? Kept(ModelRequest request) => store.TryGet(request.Key) is { } kept && !IsFiltered(kept.FinishReason) ? kept : null;

    private static bool IsFiltered(string? finishReason) => string.Equals(finishReason, ChatFinishReason.ContentFilter.Value, StringComparison.OrdinalIgnoreCase);

    private static ModelRequest Request(ResilienceContext context) => context.Properties.GetValue(RequestKey, null!);

    private TimeSpan? RetryAfter(Exception exception) =>
        options.RetryAfter is { } own ? own(exception) : RequestFaults.RetryAfterOf(exception, time.GetUtcNow());

    private bool ShouldTryAgain(RetryPredicateArguments<ModelResponse> arguments) => arguments.Outcome.Exception is { } fault && ShouldTryAgain(fault, Request(arguments.Context));

    private bool ShouldTryAgain(Exception fault, ModelRequest request)
    {
        if (runEnds.IsCancellationRequested || fault is ModelStoppedException or EvaluationRunException) return false;
        if (Gate(request.Model).Stopped is not null) return false;
        return RequestFaults.Classify(fault, options.IsTransient) == FaultKind.Transient && !(RetryAfter(fault) > options.MaximumRetryAfter);
    }

    private async Task<ModelResponse> SendAndKeepAsync(ModelRequest request)
    {
        try
        {
            // Between the first look and this one another may have asked.
            if (Kept(request) is { } kept) return kept;
            ResilienceContext context = ResilienceContextPool.Shared.Get(runEnds);
            context.Properties.Set(RequestKey, request);
            try
            {
                return await pipeline.ExecuteAsync(static async (context, sender) => await sender.TryOnceAsync(context).ConfigureAwait(false), context, this).ConfigureAwait(false);
            }
            finally
            {
                ResilienceContextPool.Shared.Return(context);
            }
        }
        finally
        {
            inFlight.TryRemove(request.Key, out _);
        }
    }

    private async Task<ModelResponse> TryOnceAsync(ResilienceContext context)
    {
        ModelRequest request = Request(context);
        CancellationToken cancellationToken = context.CancellationToken;
        int tries = context.Properties.GetValue(TriesKey, 0) + 1;
        context.Properties.Set(TriesKey, tries);
        ModelGate gate = Gate(request.Model);
        long reserved = gate.LimitsTokens ? request.CountPromptTokens() + request.Settings.MaximumNewTokens : 0;
        await gate.EnterAsync(reserved, cancellationToken).ConfigureAwait(false);
        long? used = null;
        using Activity? activity = RunTelemetry.Source.StartActivity("evaluation request", ActivityKind.Client);
        activity?.SetTag("model", request.Model.Name);
        long start = time.GetTimestamp();
        bool succeeded = false;
        try
        {
            ModelResponse response = await AnswerAsync(request, start, cancellationToken).ConfigureAwait(false);
            used = response.InputTokens + response.OutputTokens;
            gate.Succeeded();
            succeeded = !IsFiltered(response.FinishReason);
            // Kept before anybody hears of it, and before the next one may go: what was received is never asked again.
            if (succeeded) store.Add(request, response);
            counters.Answered(request, response);
            RunTelemetry.Tokens.Add(response.InputTokens, new("model", request.Model.Name), new("direction", "input"));
            RunTelemetry.Tokens.Add(response.OutputTokens, new("model", request.Model.Name), new("direction", "output"));
            return succeeded ? response : throw new FilteredAnswerException(response);
        }
        catch (Exception exception)
        {
            // Before the place is free: the next one would only hear the same.
            if (!cancellationToken.IsCancellationRequested)
            {
                if (RetryAfter(exception) is { } wait && wait <= options.MaximumRetryAfter) gate.Pause(wait);
                if (tries == options.MaximumTries || !ShouldTryAgain(exception, request)) FailedForGood(gate, exception);
            }

            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            throw;
        }
        finally
        {
            RunTelemetry.RequestDuration.Record(time.GetElapsedTime(start).TotalSeconds, new("model", request.Model.Name), new("succeeded", succeeded));
            gate.Leave(reserved, used);
        }
    }

    private void FailedForGood(ModelGate gate, Exception exception)
    {
        if (exception is EvaluationRunException) return;
        if (RequestFaults.Classify(exception, options.IsTransient) is FaultKind.Transient or FaultKind.Model) gate.Failed(DescribeWait(exception));
    }

    private async Task<ModelResponse> AnswerAsync(ModelRequest request, long start, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timeout = new(options.RequestTimeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        WaitingTime waiting = WaitingTime.Begin();
        ChatResponse response;
        try
        {
            CancellationToken token = either.Token;
            Task<ChatResponse> asking = Task.Run(
                () => options.Streaming ? StreamAsync(request, token) : request.Model.Client.GetResponseAsync(request.Messages(), request.Options(), token), CancellationToken.None);
            await Task.WhenAny(asking, Task.Delay(Timeout.InfiniteTimeSpan, token)).ConfigureAwait(false);
            // An answer that is there is kept, whatever ends meanwhile. Clients that do not listen to the token, or do not even return a task, are not waited for beyond that.
            if (!asking.IsCompleted) await Task.WhenAny(asking, Task.Delay(LongestListening, CancellationToken.None)).ConfigureAwait(false);
            response = asking.IsCompleted ? await asking.ConfigureAwait(false) : throw new OperationCanceledException("The client does not end a request when it is told to.", token);
        }
        catch (OperationCanceledException exception) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"There was no answer within {options.RequestTimeout}.", exception);
        }

        if (response is null) throw new IncompleteAnswerException("The client gave no response.");
        bool isFiltered = IsFiltered(response.FinishReason?.Value);
        if (response.Messages.Count == 0 && !isFiltered) throw new IncompleteAnswerException("The response has no message.");
        string whole = response.Text;
        if (whole.Length > MostCharacters) throw TooMuch();
        string text = StopSequences.Cut(whole, request.Settings);
        return new ModelResponse
        {
            Text = text,
            // An answer that goes on behind its stop sequence has ended, whatever ended the rest.
            FinishReason = text.Length < whole.Length && !isFiltered ? ChatFinishReason.Stop.Value : response.FinishReason?.Value,
            OnlyReasoning = string.IsNullOrWhiteSpace(whole) && response.Messages.Any(message => message.Contents.OfType<TextReasoningContent>().Any(thought => !string.IsNullOrWhiteSpace(thought.Text))),
            InputTokens = Believed(response.Usage?.InputTokenCount) ?? request.CountPromptTokens(),
            OutputTokens = Believed(response.Usage?.OutputTokenCount) ?? request.Model.Tokenizer.CountTokens(whole),
            // Our own models serve one request at a time: the others' is no time of this one.
            Duration = waiting.Without(time.GetElapsedTime(start)),
        };
    }

    private static async Task<ChatResponse> StreamAsync(ModelRequest request, CancellationToken cancellationToken)
    {
        List<ChatResponseUpdate> updates = [];
        long characters = 0;
        await foreach (ChatResponseUpdate update in request.Model.Client.GetStreamingResponseAsync(request.Messages(), request.Options(), cancellationToken).ConfigureAwait(false))
        {
            updates.Add(update);
            characters += update.Text.Length;
            if (characters > MostCharacters || updates.Count > MostPieces) throw TooMuch();
        }

        // Servers close the connection of a cut stream the same way as that of a whole one.
        return updates.Exists(update => update.FinishReason is not null)
            ? updates.ToChatResponse()
            : throw new IncompleteAnswerException("The stream ended without saying why: it was cut.");
    }

    /// <summary>A count that can be one, or null: servers have said -1, and worse.</summary>
    private static long? Believed(long? tokens) => tokens is >= 0 and <= MostTokens ? tokens : null;

    private static IncompleteAnswerException TooMuch() => new($"The answer has more than {MostCharacters} characters or {MostPieces} pieces.");

    /// <summary>As <see cref="FaultText.Of"/>; where a server asks for a longer wait than is allowed, that too, as it is why no more was tried.</summary>
    internal string DescribeWait(Exception exception) => RetryAfter(exception) is { } wait && wait > options.MaximumRetryAfter
        ? $"{FaultText.Of(exception)} The server asks to wait {wait:c}, longer than {nameof(EvaluationRunOptions.MaximumRetryAfter)}, {options.MaximumRetryAfter:c}."
        : FaultText.Of(exception);
}
