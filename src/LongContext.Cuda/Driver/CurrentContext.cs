namespace LongContext.Cuda.Driver;

/// <summary>Makes a context current on this thread until disposed, and what was current before current again: libtorch may be at work on another GPU.</summary>
internal readonly ref struct CurrentContext
{
    private readonly ICudaDriver driver;
    private readonly nint before;
    private readonly bool returns;

    /// <param name="driver">The driver.</param>
    /// <param name="context">The context.</param>
    /// <param name="isFirst">Whether it is GPU 0's, which a thread without a context is on anyway.</param>
    /// <exception cref="CudaException">The driver failed.</exception>
    public CurrentContext(ICudaDriver driver, nint context, bool isFirst)
    {
        this.driver = driver;
        CudaException.ThrowIfFailed(driver, driver.ContextGetCurrent(out before), "cuCtxGetCurrent");
        bool changed = before != context;
        // A thread without a context keeps GPU 0's, so that launches after this one find it. Another GPU's would send libtorch's unnumbered "cuda" there.
        returns = changed && (before != 0 || !isFirst);
        if (changed) CudaException.ThrowIfFailed(driver, driver.ContextSetCurrent(context), "cuCtxSetCurrent");
    }

    public void Dispose()
    {
        // No check: it must not hide the failure that may be on its way.
        if (returns) _ = driver.ContextSetCurrent(before);
    }
}
