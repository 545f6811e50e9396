namespace LongContext.Hosting;

/// <summary>Where a hosted model is.</summary>
public enum ModelState
{
    /// <summary>Nobody has asked for it yet.</summary>
    NotLoaded,

    /// <summary>It is being loaded; requests wait.</summary>
    Loading,

    /// <summary>It answers.</summary>
    Ready,

    /// <summary>It could not be loaded; requests are refused.</summary>
    Failed,

    /// <summary>The host stops: requests on their way end, new ones are refused.</summary>
    Stopping,

    /// <summary>It is gone.</summary>
    Stopped,
}
