using System.Runtime.CompilerServices;
using System.Threading.Channels;
using LongContext.AspNetCore.Protocol;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Hosting;
using Microsoft.Extensions.AI;
using GenerationRequest = LongContext.AspNetCore.Protocol.GenerationRequest;

namespace LongContext.AspNetCore.Serving;

/// <summary>The answers to a request, as many as it has prompts and asks for to each ("n"), as requests to the model beside one another.</summary>
internal static class SeveralAnswers
{
    /// <summary>Pieces of an answer that may be ahead of who reads them all.</summary>
    private const int Ahead = 64;

    /// <summary>The answers' pieces as they come.</summary>
    /// <param name="client">The model.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="places">Answers that are asked for at once: the model's places, so that none waits in its queue for those beside it.</param>
    /// <param name="cancellationToken">Ends all of them.</param>
    /// <remarks>To each prompt the first answer goes ahead, so that the others find what was computed for it. The first of all goes ahead until it has its place: then the request is let in, and none of the others is refused one.</remarks>
    public static async IAsyncEnumerable<AnswerPiece> StreamAsync(IChatClient client, GenerationRequest request, int places, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (request.Answers == 1)
        {
            await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(request.Prompt.Messages, request.OptionsOf(request.Prompt, 0), cancellationToken).ConfigureAwait(false)) yield return new AnswerPiece(0, update);
            yield break;
        }

        // Where nothing is made, what is said of a prompt is the same for all answers to it, and is found once.
        int copies = request.Options.MaxOutputTokens == 0 ? request.Choices : 1, each = request.Choices / copies, count = request.Prompts.Count * each;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var free = new SemaphoreSlim(places);
        var pieces = Channel.CreateBounded<AnswerPiece>(new BoundedChannelOptions(Ahead * count) { SingleReader = true });
        TaskCompletionSource[] computed = [.. request.Prompts.Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
        var admission = new Admission();
        int running = count;
        Task[] works = [.. Enumerable.Range(0, count).Select(work => Task.Run(() => AnswerAsync(work / each, work % each), CancellationToken.None))];
        try
        {
            await foreach (AnswerPiece piece in pieces.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false)) yield return piece;
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(works).ConfigureAwait(false);
        }

        async Task AnswerAsync(int place, int choice)
        {
            RequestPrompt prompt = request.Prompts[place];
            try
            {
                Admission.Current = admission;
                if (place + choice > 0) await admission.Granted.WaitAsync(ended.Token).ConfigureAwait(false);
                if (choice > 0) await computed[place].Task.WaitAsync(ended.Token).ConfigureAwait(false);
                await free.WaitAsync(ended.Token).ConfigureAwait(false);
                try
                {
                    await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(prompt.Messages, request.OptionsOf(prompt, choice), ended.Token).ConfigureAwait(false))
                    {
                        for (int copy = 0; copy < copies; copy++) await pieces.Writer.WriteAsync(new AnswerPiece((place * request.Choices) + choice + copy, update), ended.Token).ConfigureAwait(false);
                        // Behind it, since it may be what is said of the prompt, which stands before all answers to it.
                        if (choice == 0) computed[place].TrySetResult();
                    }
                }
                finally
                {
                    free.Release();
                }

                // What stands before the model may have answered without it.
                admission.Grant();
                if (Interlocked.Decrement(ref running) == 0) pieces.Writer.Complete();
            }
#pragma warning disable CA1031 // It goes to the reader; the first of several faults is what the others come from.
            catch (Exception e)
#pragma warning restore CA1031
            {
                pieces.Writer.TryComplete((prompt.Place is null ? null : Faults.TooLong(e, prompt.Name)) ?? e);
            }
            finally
            {
                if (choice == 0) computed[place].TrySetResult();
            }
        }
    }

    /// <summary>The answers once they are whole; parameters as of <see cref="StreamAsync"/>.</summary>
    public static async Task<ChatResponse[]> WholeAsync(IChatClient client, GenerationRequest request, int places, CancellationToken cancellationToken)
    {
        if (request.Answers == 1) return [await client.GetResponseAsync(request.Prompt.Messages, request.OptionsOf(request.Prompt, 0), cancellationToken).ConfigureAwait(false)];
        List<ChatResponseUpdate>[] updates = [.. Enumerable.Range(0, request.Answers).Select(_ => new List<ChatResponseUpdate>())];
        await foreach (AnswerPiece piece in StreamAsync(client, request, places, cancellationToken).ConfigureAwait(false)) updates[piece.Choice].Add(piece.Update);
        return Array.ConvertAll(updates, Whole);
    }

    private static ChatResponse Whole(List<ChatResponseUpdate> updates)
    {
        ChatResponse response = updates.ToChatResponse();
        List<ChatLogProbability> details = [.. updates.SelectMany(update => update.GetLogProbabilities() ?? [])];
        if (details.Count > 0) (response.AdditionalProperties ??= [])[ChatOptionKeys.LogProbabilities] = details;
        foreach (string key in (ReadOnlySpan<string>)[ChatOptionKeys.PromptCut, ChatOptionKeys.DroppedTokens, ChatOptionKeys.PromptLogProbabilities, ChatOptionKeys.PromptText, ChatOptionKeys.StopToken])
        {
            if (updates.Select(update => update.AdditionalProperties?.GetValueOrDefault(key)).FirstOrDefault(value => value is not null) is { } told) (response.AdditionalProperties ??= [])[key] = told;
        }

        return response;
    }
}
