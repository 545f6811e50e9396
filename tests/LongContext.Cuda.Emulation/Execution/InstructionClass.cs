namespace LongContext.Cuda.Emulation;

/// <summary>Which unit of a multiprocessor an instruction keeps busy; the counters' rows.</summary>
public enum InstructionClass
{
    Integer, Float, Half, Double, Convert, Special, Compare, Move, Control, Barrier, Fence, Shuffle, Vote,
    LoadParameter, LoadGlobal, StoreGlobal, LoadShared, StoreShared, Local, LoadMatrix, StoreMatrix, AsyncCopy, Atomic,
    Mma, WarpgroupMma, BulkCopy, BulkStore, MemoryBarrier, Other,
}
