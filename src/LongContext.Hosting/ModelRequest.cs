using System.Diagnostics;
using LongContext.Evaluation;
using LongContext.Generation;
using Microsoft.Extensions.AI;

namespace LongContext.Hosting;

/// <summary>One request that has its place at a model.</summary>
/// <param name="model">The model.</param>
/// <param name="client">What answers.</param>
/// <param name="arrived">When the request came, before it waited.</param>
/// <param name="both">Cancelled by the caller or by the host's end.</param>
/// <param name="caller">The caller's token.</param>
internal sealed class ModelRequest(
    LongContextModel model, IChatClient client, long arrived, CancellationTokenSource both, CancellationToken caller) : IDisposable
{
    private readonly long began = Start(model);
    private string outcome = HostingMeter.Cancelled; // where nobody says otherwise, the reader left
    private long first, last;
    private TimeSpan? ofEngine;
    private bool disposed, seen;

    public IChatClient Client => client;

    public CancellationToken Token => both.Token;

    /// <summary>A piece of the answer has come.</summary>
    public void Saw(ChatResponseUpdate update)
    {
        seen = true;
        // When pieces are read says little of when their tokens were made: several may be there at once.
        ofEngine ??= (update.RawRepresentation as GenerationUsage)?.TimeAfterFirst;
        foreach (AIContent content in update.Contents)
        {
            if (content is UsageContent usage)
            {
                // The token that ended the answer counts, and took its time.
                if (first != 0) last = Stopwatch.GetTimestamp();
                Used(usage.Details);
            }
            else if (content is TextContent or TextReasoningContent or FunctionCallContent)
            {
                last = Stopwatch.GetTimestamp();
                if (first != 0) continue;
                first = last;
                HostingMeter.FirstToken(model.ModelId, Stopwatch.GetElapsedTime(arrived, first));
            }
        }
    }

    /// <summary>The answer is whole.</summary>
    public void Complete(UsageDetails? usage = null)
    {
        outcome = HostingMeter.Completed;
        if (usage is not null) Used(usage);
    }

    /// <summary>What the caller is told.</summary>
    public Exception Fail(Exception exception)
    {
        if (exception is OperationCanceledException or ObjectDisposedException)
        {
            if (caller.IsCancellationRequested) return new OperationCanceledException(exception.Message, exception, caller);
            outcome = HostingMeter.Failed;
            return both.IsCancellationRequested || exception is ObjectDisposedException ? model.Ended() : exception;
        }

        switch (exception)
        {
            // No memory by itself is the request's own fault, no page left for the moment is not.
            case CacheCapacityException { RequiredTokens: > 0 } or PromptTooLongException or NoTokenAllowedException:
            case ArgumentException or NotSupportedException when IsRefusal(exception):
                outcome = HostingMeter.Refused;
                return exception;
            case GenerationQueueFullException or CacheCapacityException:
                outcome = HostingMeter.Overloaded;
                return new ModelOverloadedException($"The model \"{model.ModelId}\" has no room: {exception.Message}", model.RetryAfter(), exception);
            default:
                outcome = HostingMeter.Failed;
                return exception;
        }
    }

    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        both.Dispose();
        model.Leave(Stopwatch.GetElapsedTime(began));
        HostingMeter.Running(model.ModelId, -1);
        HostingMeter.Ended(model.ModelId, outcome, Stopwatch.GetElapsedTime(arrived));
    }

    /// <summary>Whether the request is at fault, and not the program. Of other libraries' clients nobody knows: what they throw before they have answered anything is taken for a refusal.</summary>
    private bool IsRefusal(Exception exception)
    {
        if (client is not LongContextChatClient && !seen) RequestFault.Mark(exception);
        return RequestFault.Is(exception);
    }

    private void Used(UsageDetails usage)
    {
        HostingMeter.Tokens(model.ModelId, usage.InputTokenCount ?? 0, usage.CachedInputTokenCount ?? 0, usage.OutputTokenCount ?? 0);
        if (usage.OutputTokenCount is > 1 and { } count && first != 0 && (ofEngine ?? Stopwatch.GetElapsedTime(first, last)) is { Ticks: > 0 } time) HostingMeter.TokenRate(model.ModelId, (count - 1) / time.TotalSeconds);
    }

    private static long Start(LongContextModel model)
    {
        HostingMeter.Running(model.ModelId, 1);
        return Stopwatch.GetTimestamp();
    }
}
