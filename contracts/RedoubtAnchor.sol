// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Witness of Redoubt's logs
/// @notice Keeps, per lane (one log of one gateway), the size and RFC 6962 root that the gateway last anchored, the
/// trust of each device of the lane, and a trace of incidents. The log itself stays with the gateway: nothing here
/// names a person or holds a reading; devices are hashes.
///
/// The trust rules that a gateway cannot bend are here: an alert costs 20, a device gains one point per interval at
/// most however many heartbeats are claimed, and zero stays zero until the owner acts.
contract RedoubtAnchor {
    struct Lane {
        uint64 size;
        uint64 anchoredAt;
        bytes32 root;
    }

    struct Device {
        bytes32 lane;
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
        uint32 credits;
        uint8 trustAfter;
    }

    /// @notice An incident of the log: its index there, when it was, its score in 1/10000 and its leaf hash.
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

    constructor(uint64 creditInterval_) {
        if (creditInterval_ == 0) revert InvalidValue();
        creditInterval = creditInterval_;
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
        for (uint256 i = 0; i < incidents.length; ++i) {
            Incident calldata incident = incidents[i];
            if (incident.index < oldSize || incident.index >= newSize) revert InvalidValue();
            emit IncidentRecorded(
                incident.device, lane, incident.index, incident.timestamp, incident.score, incident.leaf
            );
        }
    }

    /// @notice What the rules allow as the trust of a device after these events, now.
    function bounds(TrustChange calldata change) public view returns (uint8 low, uint8 high) {
        Device storage device = devices[change.device];
        if (!device.known) revert UnknownDevice(change.device);
        uint256 cost = ALERT_COST * change.alerts + ANOMALY_COST * change.anomalies + LOSS_COST * change.losses;
        uint256 base = device.trust > cost ? device.trust - cost : 0;
        low = uint8(base);
        // Zero stays zero: what would have been earned first cannot be told from what was earned after.
        uint256 earned = device.trust == 0 ? 0 : _credit(device, change.credits);
        uint256 top = base + earned;
        high = uint8(top > FULL_TRUST ? FULL_TRUST : top);
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

    /// @notice Registers a device in a lane, or restores one after a person has looked into it.
    function setDevice(bytes32 device, bytes32 lane, uint8 trust, bytes32 reason) external onlyOwner {
        if (trust > FULL_TRUST) revert InvalidValue();
        devices[device] = Device({lane: lane, creditedTo: uint64(block.timestamp), trust: trust, known: true});
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
        Device storage device = devices[change.device];
        (uint8 low, uint8 high) = bounds(change);
        if (device.lane != lane) revert WrongLane(change.device, lane);
        if (change.trustAfter < low || change.trustAfter > high) revert TrustRule(change.device, low, high);
        uint256 earned = device.trust == 0 ? 0 : _credit(device, change.credits);
        device.creditedTo += uint64(earned) * creditInterval;
        device.trust = change.trustAfter;
        emit TrustChanged(
            change.device, lane, change.trustAfter, change.credits, change.alerts, change.anomalies, change.losses
        );
    }

    /// @dev A token bucket: one point per interval since the last one that was earned, at most a full scale.
    function _credit(Device storage device, uint32 credits) private view returns (uint256) {
        uint256 earned = (block.timestamp - device.creditedTo) / creditInterval;
        if (earned > credits) earned = credits;
        return earned > FULL_TRUST ? FULL_TRUST : earned;
    }
}
