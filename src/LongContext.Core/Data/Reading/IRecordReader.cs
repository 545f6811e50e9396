namespace LongContext.Data.Reading;

/// <summary>
/// The records of one file, one after the other, in memory of one record's size (or of one row group's). Used by one thread at a time;
/// knows nothing of bad-line policies, maps or other files, which are the record source's.
/// </summary>
internal interface IRecordReader : IDisposable
{
    /// <summary>The next record, or null at the end (and from then on).</summary>
    /// <param name="cancellationToken">Ends long work, for example skipping; looked at at least once per record.</param>
    /// <exception cref="DataFormatException">
    /// A record cannot be read: it is passed, and the next call gives the one after it. Where <see cref="DataFormatException.EndsFile"/> is set,
    /// nothing behind it can be read either (a cut or broken compressed file, a missing footer) and every further call says so again.
    /// </exception>
    /// <exception cref="IOException">The disk's fault; the reader is not used any more.</exception>
    DataRecord? Next(CancellationToken cancellationToken);

    /// <summary>Where it stands: after the last record, given or bad. Asked for after each record, so it must be cheap.</summary>
    RecordPlace Place { get; }

    /// <summary>Goes to a place that a reader of the same file and the same options said; called before the first <see cref="Next"/>, at most once.</summary>
    /// <exception cref="DataFormatException">The file ends before the place, or it cannot be a place of this file.</exception>
    void MoveTo(RecordPlace place, CancellationToken cancellationToken);

    /// <summary>About how many bytes of the file as it lies on the disk have been read, for progress.</summary>
    long BytesRead { get; }
}
