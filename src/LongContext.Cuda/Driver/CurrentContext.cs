namespace LongContext.Cuda.Driver;

/// <summary>Makes a context current on this thread until disposed, and what was current before current again: libtorch may be at work on another GPU.</summary>
internal readonly ref struct CurrentContext
{
    private readonly ICudaDriver driver;
    private readonly nint before;
    private readonly bool changed;

    public CurrentContext(ICudaDriver driver, nint context)
    {
        this.driver = driver;
        CudaException.ThrowIfFailed(driver, driver.ContextGetCurrent(out before), "cuCtxGetCurrent");
        changed = before != context;
        if (changed) CudaException.ThrowIfFailed(driver, driver.ContextSetCurrent(context), "cuCtxSetCurrent");
    }

    public void Dispose()
    {
        // No check: it must not hide the failure that may be on its way. A thread without a context keeps this one, which a later call of libtorch expects.
        if (changed && before != 0) _ = driver.ContextSetCurrent(before);
    }
}
