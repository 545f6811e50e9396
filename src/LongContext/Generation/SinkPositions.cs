namespace LongContext.Generation;

/// <summary>Where attention sinks seem to stand once tokens behind them were dropped.</summary>
public enum SinkPositions
{
    /// <summary>Positions are counted in the cache, as in StreamingLLM: the sinks stand right before the window, so that no distance is longer than sinks and window together.</summary>
    InCache,

    /// <summary>They stay where they are in the text, and their distance grows with it; for texts within the model's window.</summary>
    InText,
}
