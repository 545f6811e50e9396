namespace LongContext.Data;

/// <summary>
/// Items one after the other (records of files, examples, sequences of tokens), from a place that can be noted and returned to: a run that is
/// stopped goes on with the very item that would have come next.
/// </summary>
/// <typeparam name="T">What it gives.</typeparam>
/// <remarks>
/// Used by one thread at a time, which may be a background thread. What it holds open belongs to whoever made it: nobody who reads
/// from it disposes it, except where a function opens it for them alone, as for a token cache.
/// </remarks>
public interface IDataSource<out T>
    where T : class
{
    /// <summary>The next item, or null at the end (and from then on).</summary>
    /// <param name="cancellationToken">Ends waiting; the source then stands where it stood.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    T? Next(CancellationToken cancellationToken = default);

    /// <summary>Where the source stands: after the last item it gave. May be asked for after each item, so it must be cheap.</summary>
    StreamState Capture();

    /// <summary>Goes to a place taken before, by this source or by one made in the same way, in another process too.</summary>
    /// <param name="state">The place. Where it is refused, the source stands where it stood.</param>
    /// <exception cref="ArgumentException">The state is of other data or of other settings; the message says which.</exception>
    /// <exception cref="DataFormatException">The state is damaged.</exception>
    void Restore(StreamState state);
}
