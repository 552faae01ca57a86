// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Witness of Redoubt's logs
/// @notice Keeps, per lane (one log of one gateway), the size and RFC 6962 root that the gateway last anchored, the
/// trust of each device of the lane, and a trace of incidents. The log itself stays with the gateway: nothing here
/// names a person or holds a reading; devices are hashes.
///
/// The trust rules that a gateway cannot bend are here: an alert that is reported costs 20 whatever else happened, a
/// device gains one point per interval at most however many heartbeats are claimed, and zero stays zero until the
/// owner acts. What a gateway keeps to itself no contract can see: that is what the log and its auditors are for.
contract RedoubtAnchor {
    struct Lane {
        uint64 size;
        uint64 anchoredAt;
        bytes32 root;
    }

    /// @dev One slot: of the lane, which only the owner sets, its first half is enough.
    struct Device {
        bytes16 lane;
        uint64 creditedTo;
        uint8 trust;
        bool known;
    }

    /// @notice What happened to one device between two anchors, and its trust after it.
    struct TrustChange {
        bytes32 device;
        uint32 alerts;
        uint32 anomalies;
        uint32 losses;
        /// Points that the log gave for heartbeats and batches.
        uint32 credits;
        uint8 trustAfter;
    }

    /// @notice An incident of the log: its index there, when it was (seconds since 1970), its score in 1/10000 and its
    /// leaf hash. Device 0: nobody proved to be the sender, or the device is not registered here.
    struct Incident {
        bytes32 device;
        uint64 index;
        uint64 timestamp;
        uint32 score;
        bytes32 leaf;
    }

    uint256 public constant ALERT_COST = 20;
    uint256 public constant ANOMALY_COST = 10;
    uint256 public constant LOSS_COST = 5;
    uint256 public constant FULL_TRUST = 100;
    uint256 public constant COMMAND_TRUST = 30;
    /// @notice Seconds in which a device can earn one point.
    uint64 public immutable creditInterval;
    /// @notice Points that can be saved up while a device earns none. It bounds what a stolen writer's key can give away
    /// at once, and how long a chain may be out of reach until what was earned meanwhile is cut.
    uint64 public immutable creditBurst;

    address public owner;
    address public pendingOwner;
    mapping(bytes32 lane => Lane) public lanes;
    mapping(bytes32 lane => mapping(address writer => bool)) public isWriter;
    mapping(bytes32 device => Device) public devices;

    event Anchored(bytes32 indexed lane, uint64 newSize, uint64 oldSize, bytes32 root, address by);
    event TrustChanged(
        bytes32 indexed device, bytes32 indexed lane, uint8 trust, uint32 credits, uint32 alerts, uint32 anomalies, uint32 losses
    );
    event IncidentRecorded(
        bytes32 indexed device, bytes32 indexed lane, uint64 index, uint64 timestamp, uint32 score, bytes32 leaf
    );
    event WriterSet(bytes32 indexed lane, address indexed writer, bool allowed);
    event LaneSet(bytes32 indexed lane, uint64 size, bytes32 root, bytes32 reason);
    event DeviceSet(bytes32 indexed device, bytes32 indexed lane, uint8 trust, bytes32 reason);
    event OwnershipOffered(address indexed from, address indexed to);
    event OwnershipTaken(address indexed from, address indexed to);

    error NotOwner();
    error NotPendingOwner();
    error NotWriter(bytes32 lane, address sender);
    /// @notice `chainSize` is what an anchor has to start from.
    error WrongSize(uint64 chainSize);
    error NotGrowing();
    error UnknownDevice(bytes32 device);
    error WrongLane(bytes32 device, bytes32 lane);
    /// @notice The trust claimed lies outside what the rules allow.
    error TrustRule(bytes32 device, uint8 low, uint8 high);
    error InvalidValue();

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner();
        _;
    }

    constructor(uint64 creditInterval_, uint64 creditBurst_) {
        if (creditInterval_ == 0 || creditInterval_ > 1 days) revert InvalidValue();
        if (creditBurst_ == 0 || creditBurst_ > FULL_TRUST) revert InvalidValue();
        creditInterval = creditInterval_;
        creditBurst = creditBurst_;
        owner = msg.sender;
        emit OwnershipTaken(address(0), msg.sender);
    }

    /// @notice Anchors the log of a lane from `oldSize`, which must be where the chain is, to `newSize`.
    function anchor(
        bytes32 lane,
        uint64 oldSize,
        uint64 newSize,
        bytes32 root,
        TrustChange[] calldata changes,
        Incident[] calldata incidents
    ) external {
        if (!isWriter[lane][msg.sender]) revert NotWriter(lane, msg.sender);
        Lane storage state = lanes[lane];
        if (state.size != oldSize) revert WrongSize(state.size);
        if (newSize <= oldSize) revert NotGrowing();
        state.size = newSize;
        state.anchoredAt = uint64(block.timestamp);
        state.root = root;
        emit Anchored(lane, newSize, oldSize, root, msg.sender);
        for (uint256 i = 0; i < changes.length; ++i) {
            _apply(lane, changes[i]);
        }
        uint64 next = oldSize;
        for (uint256 i = 0; i < incidents.length; ++i) {
            Incident calldata incident = incidents[i];
            // In the order of the log: none twice.
            if (incident.index < next || incident.index >= newSize) revert InvalidValue();
            next = incident.index + 1;
            if (incident.device != 0) _inLane(incident.device, lane);
            emit IncidentRecorded(
                incident.device, lane, incident.index, incident.timestamp, incident.score, incident.leaf
            );
        }
    }

    /// @notice What the rules allow as the trust of a device after these events, now.
    function bounds(TrustChange calldata change) external view returns (uint8 low, uint8 high) {
        Device storage device = devices[change.device];
        if (!device.known) revert UnknownDevice(change.device);
        (low, high,) = _bounds(device, change);
    }

    /// @notice Several devices at once; one that is not registered is all zero.
    function devicesOf(bytes32[] calldata ids) external view returns (Device[] memory found) {
        found = new Device[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            found[i] = devices[ids[i]];
        }
    }

    /// @notice Whether a device is known here and trusted enough to be commanded.
    function allowed(bytes32 device) external view returns (bool) {
        Device storage state = devices[device];
        return state.known && state.trust >= COMMAND_TRUST;
    }

    /// @notice Lets an account write a lane, or forbids it.
    function setWriter(bytes32 lane, address writer, bool isAllowed) external onlyOwner {
        isWriter[lane][writer] = isAllowed;
        emit WriterSet(lane, writer, isAllowed);
    }

    /// @notice Puts a lane back to a root that is known to be true, after a writer's key was misused: without it a false
    /// size would lock the log's gateway out for ever. The trust of devices stays; see {setDevice}.
    function setLane(bytes32 lane, uint64 size, bytes32 root, bytes32 reason) external onlyOwner {
        lanes[lane] = Lane({size: size, anchoredAt: uint64(block.timestamp), root: root});
        emit LaneSet(lane, size, root, reason);
    }

    /// @notice Registers a device in a lane, or restores one after a person has looked into it.
    function setDevice(bytes32 device, bytes32 lane, uint8 trust, bytes32 reason) external onlyOwner {
        if (trust > FULL_TRUST) revert InvalidValue();
        devices[device] = Device({lane: bytes16(lane), creditedTo: uint64(block.timestamp), trust: trust, known: true});
        emit DeviceSet(device, lane, trust, reason);
    }

    /// @notice First of two steps; the new owner takes it with {acceptOwnership}.
    function transferOwnership(address newOwner) external onlyOwner {
        pendingOwner = newOwner;
        emit OwnershipOffered(owner, newOwner);
    }

    function acceptOwnership() external {
        if (msg.sender != pendingOwner) revert NotPendingOwner();
        emit OwnershipTaken(owner, msg.sender);
        owner = msg.sender;
        pendingOwner = address(0);
    }

    function _apply(bytes32 lane, TrustChange calldata change) private {
        Device storage device = _inLane(change.device, lane);
        (uint8 low, uint8 high, uint64 from) = _bounds(device, change);
        if (change.trustAfter < low || change.trustAfter > high) revert TrustRule(change.device, low, high);
        uint256 cost = _cost(change);
        // Only what was used is taken from the saved points; at zero nothing can have been.
        uint256 used = change.trustAfter == 0 ? 0 : change.trustAfter + cost - device.trust;
        device.creditedTo = from + uint64(used) * creditInterval;
        device.trust = change.trustAfter;
        emit TrustChanged(
            change.device, lane, change.trustAfter, change.credits, change.alerts, change.anomalies, change.losses
        );
    }

    function _inLane(bytes32 id, bytes32 lane) private view returns (Device storage device) {
        device = devices[id];
        if (!device.known) revert UnknownDevice(id);
        if (device.lane != bytes16(lane)) revert WrongLane(id, lane);
    }

    function _cost(TrustChange calldata change) private pure returns (uint256) {
        return ALERT_COST * change.alerts + ANOMALY_COST * change.anomalies + LOSS_COST * change.losses;
    }

    /// @dev The order of the events is not known here. The lowest trust is that of a device which earned nothing; the
    /// highest that of one which earned everything, and had not yet reached zero when it did.
    /// @return low first trust that is allowed
    /// @return high last trust that is allowed
    /// @return from since when the points are counted that the device has saved up
    function _bounds(Device storage device, TrustChange calldata change)
        private
        view
        returns (uint8 low, uint8 high, uint64 from)
    {
        uint256 trust = device.trust;
        uint256 cost = _cost(change);
        uint256 earned;
        (earned, from) = _saved(device.creditedTo);
        if (earned > change.credits) earned = change.credits;
        if (trust == 0) earned = 0;
        low = trust > cost ? uint8(trust - cost) : 0;
        uint256 top = trust + earned > cost ? trust + earned - cost : 0;
        high = uint8(top > FULL_TRUST ? FULL_TRUST : top);
    }

    /// @dev A token bucket: one point per interval, at most `creditBurst` of them.
    function _saved(uint64 creditedTo) private view returns (uint256 points, uint64 from) {
        uint64 time = uint64(block.timestamp);
        uint64 most = creditBurst * creditInterval;
        from = time - creditedTo > most ? time - most : creditedTo;
        points = (time - from) / creditInterval;
    }
}
