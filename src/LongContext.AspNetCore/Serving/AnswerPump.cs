using System.Threading.Channels;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Serving;

/// <summary>Reads an answer as fast as the model makes it, so that a client that reads slowly keeps the model from nobody.</summary>
internal sealed class AnswerPump : IAsyncDisposable
{
    private readonly Channel<ChatResponseUpdate> pieces;
    private readonly CancellationTokenSource ended;
    private readonly Task work;

    public AnswerPump(IAsyncEnumerable<ChatResponseUpdate> answer, int mostAhead, CancellationToken cancellationToken)
    {
        pieces = Channel.CreateBounded<ChatResponseUpdate>(new BoundedChannelOptions(mostAhead) { SingleReader = true, SingleWriter = true });
        ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // Not here: a model that has its pieces at hand would keep the first of them back until the channel is full.
        work = Task.Run(() => PumpAsync(answer, ended.Token), CancellationToken.None);
    }

    /// <summary>The pieces; what the model threw, its reader gets.</summary>
    public ChannelReader<ChatResponseUpdate> Pieces => pieces.Reader;

    /// <summary>Ends the answer and waits until the model has been let go of.</summary>
    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync().ConfigureAwait(false);
        await work.ConfigureAwait(false);
        ended.Dispose();
    }

    private async Task PumpAsync(IAsyncEnumerable<ChatResponseUpdate> answer, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (ChatResponseUpdate update in answer.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                if (!pieces.Writer.TryWrite(update)) await pieces.Writer.WriteAsync(update, cancellationToken).ConfigureAwait(false);
            }

            pieces.Writer.Complete();
        }
#pragma warning disable CA1031 // It goes to the reader.
        catch (Exception e)
#pragma warning restore CA1031
        {
            pieces.Writer.Complete(e);
        }
    }
}
