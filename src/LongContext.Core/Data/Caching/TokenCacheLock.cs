namespace LongContext.Data.Caching;

/// <summary>
/// The right to build one cache: a lock on a file beside it, which the system takes back when the process ends, however it ends. The file
/// itself stays, empty: removing it could leave two processes with a lock each.
/// </summary>
internal sealed class TokenCacheLock : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private readonly FileStream stream;

    private TokenCacheLock(FileStream stream) => this.stream = stream;

    /// <summary>Null where another process, or another call in this one, has it.</summary>
    public static TokenCacheLock? TryTake(string path)
    {
        try
        {
            return new TokenCacheLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1));
        }
        catch (IOException exception) when (IsHeld(exception))
        {
            return null;
        }
    }

    /// <param name="path">The file.</param>
    /// <param name="onWaiting">Called once where it has to be waited for.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    public static async Task<TokenCacheLock> TakeAsync(string path, Action onWaiting, CancellationToken cancellationToken)
    {
        for (bool told = false; ; told = true)
        {
            if (TryTake(path) is { } taken) return taken;
            if (!told) onWaiting();
            await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => stream.Dispose();

    /// <summary>EWOULDBLOCK on Linux and on macOS, a sharing violation on Windows.</summary>
    private static bool IsHeld(IOException exception) =>
        exception.HResult is 11 or 35 or unchecked((int)0x80070020) or unchecked((int)0x80070021);
}
