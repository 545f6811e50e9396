namespace LongContext.Cpu.Threads;

/// <summary>Work that is cut into tiles, which threads take one after another in any order. Implemented by structs, so that handing it over allocates nothing.</summary>
internal interface ITileWork
{
    /// <summary>Does one tile.</summary>
    /// <param name="tile">Its number, from 0.</param>
    /// <param name="worker">Who does it, from 0 up to the team's size: for scratch memory.</param>
    void Run(int tile, int worker);
}
