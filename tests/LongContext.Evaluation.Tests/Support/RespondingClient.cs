using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace LongContext.Evaluation.Support;

/// <summary>A chat model whose responses are made whole by a function of the last message, reasons of ending and contents included.</summary>
internal sealed class RespondingClient(Func<string, ChatResponse> respond) : IChatClient
{
    public int Asked { get; private set; }

    public static ChatResponse Of(string text, ChatFinishReason reason) => new(new ChatMessage(ChatRole.Assistant, text)) { FinishReason = reason };

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        Asked++;
        return Task.FromResult(respond(messages.Last().Text));
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (ChatResponseUpdate update in (await GetResponseAsync(messages, options, cancellationToken)).ToChatResponseUpdates()) yield return update;
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
