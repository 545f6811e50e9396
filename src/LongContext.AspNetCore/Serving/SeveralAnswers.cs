using System.Runtime.CompilerServices;
using System.Threading.Channels;
using LongContext.Evaluation;
using LongContext.Generation;
using Microsoft.Extensions.AI;
using GenerationRequest = LongContext.AspNetCore.Protocol.GenerationRequest;

namespace LongContext.AspNetCore.Serving;

/// <summary>The answers to a request, as many as it asks for ("n"), as requests to the model beside one another.</summary>
internal static class SeveralAnswers
{
    /// <summary>Pieces of an answer that may be ahead of who reads them all.</summary>
    private const int Ahead = 64;

    /// <summary>The answers' pieces as they come.</summary>
    /// <remarks>The first goes ahead with the prompt, so that the others find what was computed for it. With a seed each answer has one of its own, counted up from it, as vLLM does it.</remarks>
    public static async IAsyncEnumerable<AnswerPiece> StreamAsync(IChatClient client, GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (request.Choices == 1)
        {
            await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(request.Prompt.Messages, request.Options, cancellationToken).ConfigureAwait(false)) yield return new AnswerPiece(0, update);
            yield break;
        }

        if (request.Options.MaxOutputTokens == 0)
        {
            // Nothing is made: what is said of the prompt is the same for all, and is found once.
            await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(request.Prompt.Messages, request.Options, cancellationToken).ConfigureAwait(false))
            {
                for (int choice = 0; choice < request.Choices; choice++) yield return new AnswerPiece(choice, update);
            }

            yield break;
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pieces = Channel.CreateBounded<AnswerPiece>(new BoundedChannelOptions(Ahead * request.Choices) { SingleReader = true });
        var computed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int running = request.Choices;
        Task[] works = [.. Enumerable.Range(0, request.Choices).Select(choice => Task.Run(() => AnswerAsync(choice), CancellationToken.None))];
        try
        {
            await foreach (AnswerPiece piece in pieces.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false)) yield return piece;
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(works).ConfigureAwait(false);
        }

        async Task AnswerAsync(int choice)
        {
            try
            {
                if (choice > 0) await computed.Task.WaitAsync(ended.Token).ConfigureAwait(false);
                await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(request.Prompt.Messages, Options(request.Options, choice), ended.Token).ConfigureAwait(false))
                {
                    await pieces.Writer.WriteAsync(new AnswerPiece(choice, update), ended.Token).ConfigureAwait(false);
                    // Behind it, since it may be what is said of the prompt, which stands before all answers.
                    if (choice == 0) computed.TrySetResult();
                }

                if (Interlocked.Decrement(ref running) == 0) pieces.Writer.Complete();
            }
#pragma warning disable CA1031 // It goes to the reader; the first of several faults is what the others come from.
            catch (Exception e)
#pragma warning restore CA1031
            {
                pieces.Writer.TryComplete(e);
            }
            finally
            {
                if (choice == 0) computed.TrySetResult();
            }
        }
    }

    /// <summary>The answers once they are whole.</summary>
    public static async Task<ChatResponse[]> WholeAsync(IChatClient client, GenerationRequest request, CancellationToken cancellationToken)
    {
        if (request.Choices == 1) return [await client.GetResponseAsync(request.Prompt.Messages, request.Options, cancellationToken).ConfigureAwait(false)];
        List<ChatResponseUpdate>[] updates = [.. Enumerable.Range(0, request.Choices).Select(_ => new List<ChatResponseUpdate>())];
        await foreach (AnswerPiece piece in StreamAsync(client, request, cancellationToken).ConfigureAwait(false)) updates[piece.Choice].Add(piece.Update);
        return Array.ConvertAll(updates, Whole);
    }

    private static ChatResponse Whole(List<ChatResponseUpdate> updates)
    {
        ChatResponse response = updates.ToChatResponse();
        List<ChatLogProbability> details = [.. updates.SelectMany(update => update.GetLogProbabilities() ?? [])];
        if (details.Count > 0) (response.AdditionalProperties ??= [])[ChatOptionKeys.LogProbabilities] = details;
        foreach (string key in (ReadOnlySpan<string>)[ChatOptionKeys.PromptCut, ChatOptionKeys.DroppedTokens, ChatOptionKeys.PromptLogProbabilities, ChatOptionKeys.StopToken])
        {
            if (updates.Select(update => update.AdditionalProperties?.GetValueOrDefault(key)).FirstOrDefault(value => value is not null) is { } told) (response.AdditionalProperties ??= [])[key] = told;
        }

        return response;
    }

    private static ChatOptions Options(ChatOptions options, int choice)
    {
        if (choice == 0) return options;
        ChatOptions own = options.Clone();
        // The prompt is one and the same, so the first answer's say it for all.
        own.AdditionalProperties?.Remove(ChatOptionKeys.PromptLogProbabilities);
        if (own.Seed is { } seed) own.Seed = unchecked(seed + choice);
        return own;
    }
}
