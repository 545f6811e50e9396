using System.Threading.Channels;

namespace LongContext.AspNetCore.Serving;

/// <summary>Reads an answer as fast as the model makes it, so that a client that reads slowly keeps the model from nobody.</summary>
internal sealed class AnswerPump : IAsyncDisposable
{
    private readonly Channel<AnswerPiece> pieces;
    private readonly CancellationTokenSource ended;
    private readonly Task work;

    public AnswerPump(IAsyncEnumerable<AnswerPiece> answer, int mostAhead, CancellationToken cancellationToken)
    {
        pieces = Channel.CreateBounded<AnswerPiece>(new BoundedChannelOptions(mostAhead) { SingleReader = true, SingleWriter = true });
        ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // Not here: a model that has its pieces at hand would keep the first of them back until the channel is full.
        work = Task.Run(() => PumpAsync(answer, ended.Token), CancellationToken.None);
    }

    /// <summary>The pieces; what the model threw, its reader gets.</summary>
    public ChannelReader<AnswerPiece> Pieces => pieces.Reader;

    /// <summary>Ends the answer and waits until the model has been let go of.</summary>
    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync().ConfigureAwait(false);
        await work.ConfigureAwait(false);
        ended.Dispose();
    }

    private async Task PumpAsync(IAsyncEnumerable<AnswerPiece> answer, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (AnswerPiece piece in answer.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                if (!pieces.Writer.TryWrite(piece)) await pieces.Writer.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
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
