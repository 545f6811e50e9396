using System.Runtime.CompilerServices;
using LongContext.Evaluation;
using LongContext.Generation;
using Microsoft.Extensions.AI;

namespace LongContext.Hosting;

/// <summary>A hosted model as a chat client: each request waits for its turn, and is counted until it is at its end.</summary>
internal sealed class HostedChatClient(LongContextModel model) : IChatClient
{
    private readonly ChatClientMetadata metadata = new("longcontext", providerUri: null, model.ModelId);

    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        // Read twice, and encoded once.
        using EncodedTexts? texts = EncodedTexts.Begin();
        messages = messages as IReadOnlyCollection<ChatMessage> ?? [.. messages];
        await model.RequireFitAsync(messages, options, cancellationToken).ConfigureAwait(false);
        using ModelRequest request = await model.EnterAsync(Priority(options), cancellationToken).ConfigureAwait(false);
        try
        {
            ChatResponse response = await request.Client.GetResponseAsync(messages, For(request.Client, options), request.Token).ConfigureAwait(false);
            request.Complete(response.Usage);
            return response;
        }
        catch (Exception e)
        {
            Exception told = request.Fail(e);
            if (told == e) throw;
            throw told;
        }
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        // Read twice, and encoded once: all of it before the first piece comes.
        using EncodedTexts? texts = EncodedTexts.Begin();
        messages = messages as IReadOnlyCollection<ChatMessage> ?? [.. messages];
        await model.RequireFitAsync(messages, options, cancellationToken).ConfigureAwait(false);
        using ModelRequest request = await model.EnterAsync(Priority(options), cancellationToken).ConfigureAwait(false);
        await using IAsyncEnumerator<ChatResponseUpdate> updates = request.Client.GetStreamingResponseAsync(messages, For(request.Client, options), request.Token).GetAsyncEnumerator(request.Token);
        while (await NextAsync(request, updates).ConfigureAwait(false)) yield return updates.Current;
        request.Complete();
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is null)
        {
            if (serviceType.IsInstanceOfType(this)) return this;
            if (serviceType == typeof(LongContextModel)) return model;
            if (serviceType == typeof(ChatClientMetadata)) return metadata;
        }

        return model.Client?.GetService(serviceType, serviceKey);
    }

    public void Dispose()
    {
        // The model ends with the host.
    }

    private static ChatOptions? For(IChatClient client, ChatOptions? options) => client.GetService<LongContextChatClient>() is null ? OpenLength.Hide(options) : options;

    /// <summary>What a request says of its priority; one that says it wrongly waits like any other, to be told.</summary>
    private static int Priority(ChatOptions? options)
    {
        try
        {
            // Lower numbers go first there, higher ones here.
            return -(new ChatOptionValues(options?.AdditionalProperties).Whole(ChatOptionKeys.Priority, -int.MaxValue, int.MaxValue, "a whole number") ?? 0);
        }
        catch (ArgumentException)
        {
            return 0;
        }
    }

    private static async ValueTask<bool> NextAsync(ModelRequest request, IAsyncEnumerator<ChatResponseUpdate> updates)
    {
        try
        {
            if (!await updates.MoveNextAsync().ConfigureAwait(false)) return false;
            request.Saw(updates.Current);
            return true;
        }
        catch (Exception e)
        {
            Exception told = request.Fail(e);
            if (told == e) throw;
            throw told;
        }
    }
}
