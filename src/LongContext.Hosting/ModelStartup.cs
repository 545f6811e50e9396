namespace LongContext.Hosting;

/// <summary>When a model is loaded.</summary>
public enum ModelStartup
{
    /// <summary>When the host starts, beside everything else: the host is up at once, requests wait, and the health check says when the model is ready.</summary>
    InBackground,

    /// <summary>Before the host has started: a model that cannot be loaded stops the host.</summary>
    BeforeStart,

    /// <summary>When the first request comes.</summary>
    OnFirstRequest,
}
