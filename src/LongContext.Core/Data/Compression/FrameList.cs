namespace LongContext.Data.Compression;

/// <summary>The frames that began lately: of what has been read but not been taken yet, and the one before.</summary>
internal sealed class FrameList
{
    private readonly Queue<InputFrame> later = [];
    private InputFrame current;
    private InputFrame? newest; // behind those in the queue

    /// <summary>Adds the frame that begins now.</summary>
    public void Add(InputFrame frame)
    {
        // Of frames without text the last one alone is kept: a file may have any number of them.
        if (newest is { } before && before.TextOffset != frame.TextOffset) later.Enqueue(before);
        newest = frame;
    }

    /// <summary>The last frame that begins at or before a byte of the text; those before it are forgotten.</summary>
    public InputFrame At(long textOffset)
    {
        while (later.TryPeek(out InputFrame frame) && frame.TextOffset <= textOffset) current = later.Dequeue();
        if (later.Count > 0 || newest is not { } last || last.TextOffset > textOffset) return current;
        newest = null;
        return current = last;
    }

    /// <summary>Begins anew at a frame.</summary>
    public void Reset(InputFrame frame)
    {
        later.Clear();
        (current, newest) = (frame, null);
    }
}
