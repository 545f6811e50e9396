using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace LongContext.Hosting.Support;

/// <summary>A model that answers at once, or as it is told to, and counts what becomes of its answers.</summary>
internal sealed class FakeChatClient : IChatClient
{
    private int running, most, begun, completed, cancelled;

    /// <summary>The pieces of an answer to the last message.</summary>
    public Func<string, ChatOptions?, IEnumerable<string>> Answer { get; init; } = (text, _) => ["You", " said", ": ", text];

    /// <summary>Functions that are called behind the text.</summary>
    public Func<ChatOptions?, IEnumerable<FunctionCallContent>> Calls { get; init; } = _ => [];

    /// <summary>Before each piece.</summary>
    public Func<CancellationToken, Task>? Wait { get; set; }

    /// <summary>Asked for with each request; may throw.</summary>
    public Action<IReadOnlyList<ChatMessage>, ChatOptions?>? Inspect { get; init; }

    public int Running => Volatile.Read(ref running);

    public int MostAtOnce => Volatile.Read(ref most);

    public int Begun => Volatile.Read(ref begun);

    public int Completed => Volatile.Read(ref completed);

    public int Cancelled => Volatile.Read(ref cancelled);

    public bool Disposed { get; private set; }

    public ChatOptions? LastOptions { get; private set; }

    public IReadOnlyList<ChatMessage>? LastMessages { get; private set; }

    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        List<ChatMessage> asked = [.. messages];
        (LastMessages, LastOptions) = (asked, options);
        Inspect?.Invoke(asked, options);
        Interlocked.Increment(ref begun);
        int now = Interlocked.Increment(ref running);
        for (int seen = most; now > seen && Interlocked.CompareExchange(ref most, now, seen) != seen; seen = most)
        {
        }

        bool whole = false;
        try
        {
            int count = 0;
            foreach (string piece in Answer(asked[^1].Text, options))
            {
                if (Wait is { } wait) await wait(cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
                if (count++ == options?.MaxOutputTokens) break;
                yield return new ChatResponseUpdate(ChatRole.Assistant, piece);
            }

            bool calls = false;
            foreach (FunctionCallContent call in Calls(options))
            {
                calls = true;
                yield return new ChatResponseUpdate(ChatRole.Assistant, [call]);
            }

            bool full = count > options?.MaxOutputTokens;
            whole = true;
            yield return new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(new UsageDetails
            {
                InputTokenCount = asked.Count, OutputTokenCount = full ? count - 1 : count, TotalTokenCount = asked.Count + (full ? count - 1 : count),
            })])
            {
                FinishReason = full ? ChatFinishReason.Length : calls ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop,
            };
        }
        finally
        {
            if (whole) Interlocked.Increment(ref completed);
            else Interlocked.Increment(ref cancelled);
            Interlocked.Decrement(ref running);
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose() => Disposed = true;

    /// <summary>Waits until something holds.</summary>
    public static async Task UntilAsync(Func<bool> holds, CancellationToken cancellationToken)
    {
        while (!holds()) await Task.Delay(5, cancellationToken);
    }
}
