namespace LongContext.Cpu.Memory;

/// <summary>Whether a product also asks for memory that comes next. Decoding waits for memory: the next keys lie in other pages, where the processor's own guess does not reach.</summary>
internal unsafe interface IReadAhead
{
    /// <summary>Asks for some bytes from an address on; any address is fine.</summary>
    static abstract void Fetch(byte* address, int bytes);
}
