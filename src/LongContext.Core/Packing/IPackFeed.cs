using LongContext.Data;

namespace LongContext.Packing;

/// <summary>
/// Packs one after the other, from a place that can be noted and returned to: a run that is stopped goes on with the very pack that
/// would have come next.
/// </summary>
/// <remarks>
/// Used by one thread at a time, which may be a background thread. The state is asked for after each pack, so taking it must be
/// cheap; <see cref="StreamState.SetArray"/> puts off what is not.
/// </remarks>
public interface IPackFeed
{
    /// <summary>What was packed, up to the last pack given; null (the default) where the stream keeps no account.</summary>
    PackingReport? Report => null;

    /// <summary>The next pack, or null at the end (and from then on).</summary>
    /// <param name="cancellationToken">Ends waiting; nothing is lost, the next call goes on.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    PackedBatch? Next(CancellationToken cancellationToken = default);

    /// <summary>Where the stream stands: after the last pack it gave.</summary>
    StreamState Capture();

    /// <summary>Goes to a place taken before, by this stream or by one made in the same way, in another process too.</summary>
    /// <param name="state">The place.</param>
    /// <exception cref="ArgumentException">The state is of other data or of other settings; the message says which.</exception>
    /// <exception cref="DataFormatException">The state is damaged.</exception>
    void Restore(StreamState state);
}
