namespace LongContext.Data.Reading.Compression;

/// <summary>The frames that began lately: of what has been read but not been taken yet, and the one before.</summary>
internal sealed class FrameList
{
    private readonly Queue<InputFrame> later = [];
    private InputFrame current;

    /// <summary>Adds the frame that begins now.</summary>
    public void Add(InputFrame frame)
    {
        if (later.Count == 0 && frame.TextOffset == current.TextOffset) current = frame;
        else later.Enqueue(frame);
    }

    /// <summary>The last frame that begins at or before a byte of the text; those before it are forgotten.</summary>
    public InputFrame At(long textOffset)
    {
        while (later.TryPeek(out InputFrame frame) && frame.TextOffset <= textOffset) current = later.Dequeue();
        return current;
    }

    /// <summary>Begins anew at a frame.</summary>
    public void Reset(InputFrame frame)
    {
        later.Clear();
        current = frame;
    }
}
