using Microsoft.Extensions.AI;

namespace LongContext.Evaluation.Support;

/// <summary>A chat model that takes its time.</summary>
internal sealed class WaitingClient(Func<string, Task<string>> answer) : IChatClient
{
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        new(new ChatMessage(ChatRole.Assistant, await answer(messages.Last().Text).WaitAsync(cancellationToken))) { FinishReason = ChatFinishReason.Stop };

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
